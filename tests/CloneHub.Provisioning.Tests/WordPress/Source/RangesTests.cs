using System.Buffers;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.Import;
using CloneHub.Provisioning.WordPress.Rewriting;
using CloneHub.Testing;

namespace CloneHub.Provisioning.Tests.WordPress.Source;

/// <summary>Ranges of a site's tables: what they add up to, and what comes of them.</summary>
[Trait("Needs", "servers")]
public sealed class RangesTests(ServersFixture servers) : DumpedSite(servers)
{
    [Fact]
    public async Task Sums_of_what_is_there_are_those_of_what_came_until_a_row_changes()
    {
        var plans = await ReadAsync(Channel);
        Assert.Equal(3, plans["wp_many"].Ranges.Count);
        Assert.Empty(await ChangedAsync(Channel));
        await using (var line = await LineAsync(SpoiledLine.Cutting()))
        await using (var cut = Through(line))
            Assert.Empty(await ChangedAsync(cut));
        await using (var line = await LineAsync((context, body) => context.Response.Body.WriteAsync(body).AsTask()))
        await using (var brief = Through(line, answerSeconds: 0))
            Assert.Empty(await ChangedAsync(brief));

        await Site.QueryAsync(
            "UPDATE wp_many SET v = 'other' WHERE id = 0; DELETE FROM wp_keyless WHERE v = 2; UPDATE wp_large SET w = x'01' WHERE id = 2; UPDATE wp_types SET f = 7; "
            + "UPDATE wp_options SET option_value = 'other' WHERE option_name = 'blogname'; INSERT INTO wp_options (option_name, option_value) VALUES ('_transient_new', '')",
            CancellationToken.None);
        Assert.Equal(["wp_keyless 0", "wp_large 0", "wp_many 1", "wp_options 0"], await ChangedAsync(Channel));

        async Task<IReadOnlyList<string>> ChangedAsync(SourceChannel channel)
        {
            var changed = new List<string>();
            await foreach (var now in channel.SumsAsync([.. plans.Values.Select(ChangedRanges.Request)], CancellationToken.None))
                if (!plans[now.Table].Ranges[now.Range].IsSame(now)) changed.Add($"{now.Table} {now.Range}");
            return [.. changed.Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>Of so many rows two ranges each have become one, and all of them are summed in six pieces.</summary>
    [Fact]
    public async Task A_large_table_is_summed_in_pieces_and_ranges_which_may_come_in_as_many_answers()
    {
        await Site.QueryAsync("CREATE TABLE wp_more (id INT PRIMARY KEY, v INT); INSERT INTO wp_more SELECT seq * 3, seq FROM seq_1_to_280000", CancellationToken.None);
        Schema = await Channel.SchemaAsync(CancellationToken.None);
        var plan = (await ReadAsync(Channel))["wp_more"];
        Assert.InRange(plan.Ranges.Count, 33, 64);
        Assert.Equal(plan.Ranges.Select(range => range.Until).SkipLast(1).Order(), plan.Ranges.SkipLast(1).Select(range => range.LastKey));
        Assert.Equal(280_000, plan.Ranges.Sum(range => range.Rows));
        var resumed = new TablePlan(plan.Table);
        resumed.Resume(plan.Save());
        Assert.Equal(plan.Ranges.Select(range => (range.Until, range.Rows, range.Squares)), resumed.Ranges.Select(range => (range.Until, range.Rows, range.Squares)));
        var request = ChangedRanges.Request(plan);

        var answers = 0;
        await using var line = await LineAsync((context, body) =>
        {
            answers++;
            return context.Response.Body.WriteAsync(body).AsTask();
        });
        await using var brief = Through(line, answerSeconds: 0);
        foreach (var channel in new[] { Channel, brief })
        {
            Assert.All(await SumsAsync(channel, request), now => Assert.True(plan.Ranges[now.Range].IsSame(now)));
            Assert.True(plan.Total().IsSame(Assert.Single(await SumsAsync(channel, request with { Until = [null] }))));
        }

        Assert.InRange(answers, plan.Ranges.Count, plan.Ranges.Count + 8);
    }

    [Fact]
    public async Task A_table_that_cannot_be_summed_says_why_and_does_not_hold_up_the_others()
    {
        SumsRequest[] requests = [new("wp_not_there", ["id"], "id", [5, null]), new("wp_many", ["no_column"], "id", [5, null]), ChangedRanges.Request(new TablePlan(Table("wp_choice")))];
        var sums = new List<RangeSum>();
        await foreach (var now in Channel.SumsAsync(requests, CancellationToken.None)) sums.Add(now);
        Assert.Equal(["wp_not_there", "wp_many", "wp_choice"], sums.Select(now => now.Table));
        Assert.Equal("There is no table wp_not_there on this site.", sums[0].Trouble);
        Assert.StartsWith("Unknown column", sums[1].Trouble, StringComparison.Ordinal);
        Assert.Equal((2, null), (sums[2].Rows, sums[2].Trouble));
    }

    private static async Task<IReadOnlyList<RangeSum>> SumsAsync(SourceChannel channel, SumsRequest request)
    {
        var sums = new List<RangeSum>();
        await foreach (var now in channel.SumsAsync([request], CancellationToken.None)) sums.Add(now);
        return sums;
    }

    [Theory]
    [InlineData(null, -1, 4500, "-4500", "-1")]
    [InlineData(-1, 3, 4, "0", "3")]
    [InlineData(4490, null, 10, "4491", "4500")]
    [InlineData(5000, null, 0, "", "")]
    public async Task A_range_of_a_table_is_all_that_comes_and_all_that_is_counted(int? above, int? until, int rows, string first, string last)
    {
        var request = Table("wp_many").ToDumpRequest() with { Range = new Provisioning.WordPress.KeyRange(above, until) };
        await using var line = await LineAsync((context, body) => context.Response.Body.WriteAsync(body).AsTask());
        await using var channel = Through(line, answerSeconds: 0);
        foreach (var source in new[] { Channel, channel })
        {
            var ends = new List<TableEnded>();
            await foreach (var item in source.DumpAsync([request], CancellationToken.None))
                if (item is TableEnded end) ends.Add(end);
            Assert.Equal([new TableEnded("wp_many", rows, rows)], ends);
            var keys = (await source.DumpAllAsync([request])).GetValueOrDefault("wp_many", []).Select(row => Text(row[0])).ToArray();
            Assert.Equal((rows, first, last), (keys.Length, keys.FirstOrDefault(""), keys.LastOrDefault("")));
        }
    }

    /// <summary>All tables, as an import adds them up.</summary>
    private async Task<Dictionary<string, TablePlan>> ReadAsync(SourceChannel channel)
    {
        var plans = Schema.Tables.Where(table => !table.IsView).ToDictionary(table => table.Name, table => new TablePlan(table));
        var encoder = new RowEncoder(new ContentRewriter(new RewriteMap()));
        await foreach (var item in channel.DumpAsync(Requests, CancellationToken.None))
            if (item is TableRows rows) encoder.Write(plans[rows.Table], rows.Batch, new ArrayBufferWriter<byte>());
        return plans;
    }
}
