using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using CloneHub.Provisioning.WordPress;
using CloneHub.Testing;
using Microsoft.AspNetCore.Http;

namespace CloneHub.Provisioning.Tests.WordPress.Source;

/// <summary>Rows that are hard to copy, over lines that are hard to use.</summary>
[Trait("Needs", "servers")]
public sealed class DumpTests(ServersFixture servers) : DumpedSite(servers)
{
    [Fact]
    public void The_schema_holds_the_sites_own_tables_and_names_the_others()
    {
        Assert.Equal(["other_app", "wp_shop_options", "wp_shop_posts", "wp_shop_usermeta", "wp_shop_users"], Schema.LeftOut);
        Assert.Equal("wp_view", Assert.Single(Schema.Tables, table => table.IsView).Name);
        Assert.Equal(["function wp_double", "procedure wp_tidy", "event wp_nightly"], Schema.Routines!);
        Assert.Equal("wp_types_trigger", Assert.Single(Schema.Triggers).Name);
        Assert.Equal(["a", "b"], Table("wp_pairs").Key);
        Assert.Empty(Table("wp_keyless").Key);
        Assert.DoesNotContain("twice", Table("wp_types").ToDumpRequest().Columns);
        Assert.Contains("we`ird", Table("wp_types").ToDumpRequest().Columns);
        Assert.StartsWith("CREATE TABLE `wp_latin`", Table("wp_latin").CreateSql, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Values_of_every_type_arrive_as_they_are_stored()
    {
        var dump = await DumpAsync(Channel);
        var columns = Table("wp_types").ToDumpRequest().Columns;
        var row = columns.Zip(dump["wp_types"][0]).ToDictionary(pair => pair.First, pair => pair.Second!);
        Assert.Equal((double)(1f / 3f), double.Parse(Encoding.ASCII.GetString(row["f"]), CultureInfo.InvariantCulture));
        Assert.Equal(1e308, double.Parse(Encoding.ASCII.GetString(row["d"]), CultureInfo.InvariantCulture));
        Assert.Equal("513", Encoding.ASCII.GetString(row["b"]));
        Assert.Equal([0, 1, 0x1a, 9, 10, 0x5c, 0x25], row["bin"]);
        Assert.Equal("100%", Encoding.ASCII.GetString(row["we`ird"]));
        Assert.Equal("2020-01-02 03:04:05.678901", Encoding.ASCII.GetString(row["dt"]));
        Assert.Equal("-01:02:03.004", Encoding.ASCII.GetString(row["t"]));
        Assert.Equal("ü", Encoding.UTF8.GetString(row["e"]));
        Assert.Equal("12345678901234567890.0123456789", Encoding.ASCII.GetString(row["n"]));
        var empty = columns.Zip(dump["wp_types"][1]).ToDictionary(pair => pair.First, pair => pair.Second);
        Assert.Null(empty["f"]);
        Assert.Empty(empty["bin"]!);
        Assert.Equal([0xff, 0x80, 0xc3, 0xbc], dump["wp_latin"][0][1]!);
        AssertComplete(dump);
        Assert.Equal(DumpConsistency.Fuzzy, Channel.Consistency);
    }

    [Fact]
    public async Task A_table_without_transactions_makes_the_dump_fuzzy_and_others_do_not()
    {
        await Channel.DumpAllAsync([Table("wp_types").ToDumpRequest(), Table("wp_pairs").ToDumpRequest()]);
        Assert.Equal(DumpConsistency.Snapshot, Channel.Consistency);
        await Channel.DumpAllAsync([Table("wp_choice").ToDumpRequest()]);
        Assert.Equal(DumpConsistency.Fuzzy, Channel.Consistency);
    }

    [Fact]
    public async Task Answers_of_one_frame_each_hold_every_row_once()
    {
        var answers = 0;
        await using var line = await LineAsync(async (context, body) =>
        {
            answers++;
            await context.Response.Body.WriteAsync(body);
        });
        await using var channel = Through(line, answerSeconds: 0);
        AssertComplete(await DumpAsync(channel));
        Assert.True(answers > 10, $"only {answers} answers");
        Assert.Equal(DumpConsistency.Fuzzy, channel.Consistency);
    }

    [Fact]
    public async Task A_line_that_breaks_and_babbles_loses_and_doubles_nothing()
    {
        await using var line = await LineAsync(SpoiledLine.Cutting());
        await using var channel = Through(line);
        AssertComplete(await DumpAsync(channel));
        Assert.Equal(DumpConsistency.Fuzzy, channel.Consistency);
    }

    [Fact]
    public async Task A_site_that_is_busy_is_asked_again()
    {
        var answers = 0;
        await using var line = await LineAsync(async (context, body) =>
        {
            if (++answers < 3)
            {
                context.Response.StatusCode = 503;
                return;
            }

            await context.Response.Body.WriteAsync(body);
        });
        await using var channel = Through(line);
        AssertComplete(await DumpAsync(channel));
        Assert.Equal(3, answers);
    }

    [Fact]
    public async Task A_site_that_begins_and_dies_again_and_again_is_given_up()
    {
        var answers = 0;
        await using var line = await LineAsync(async (context, body) =>
        {
            // The first frame names the table; no row comes.
            answers++;
            await context.Response.Body.WriteAsync(body.AsMemory(0, 9 + BinaryPrimitives.ReadInt32LittleEndian(body.AsSpan(5))));
            await context.Response.Body.FlushAsync();
            context.Abort();
        });
        var clock = new HastyTime(TimeSpan.FromSeconds(20));
        await using var channel = Line.Through(line, clock: clock);
        Assert.Equal("SOURCE_UNREACHABLE", await SourceTests.FaultOf(() => DumpAsync(channel)));
        Assert.Equal(8, answers);
        Assert.Equal(TimeSpan.FromSeconds(25.4), clock.Skipped);
    }

    [Fact]
    public async Task An_error_that_repeats_is_final()
    {
        var answers = 0;
        await using var line = await LineAsync(async (context, body) =>
        {
            answers++;
            await context.Response.Body.WriteAsync(body);
        });
        await using var channel = Through(line);
        DumpRequest[] missing = [new("wp_not_there", ["id"], ["id"])];
        Assert.Equal("CONNECTOR_FAILED", await SourceTests.FaultOf(() => channel.DumpAllAsync(missing)));
        Assert.Equal(2, answers);
    }

    [Fact]
    public async Task Keys_without_a_usable_order_lose_no_row()
    {
        var dump = await DumpAsync(Channel);
        Assert.Equal(3000, dump["wp_uuid"].Select(row => Text(row[0])).Distinct().Count());
    }

    private Task<Dictionary<string, List<byte[]?[]>>> DumpAsync(SourceChannel channel) => channel.DumpAllAsync(Requests);

    private static void AssertComplete(Dictionary<string, List<byte[]?[]>> dump)
    {
        Assert.Equal(9000, dump["wp_pairs"].Count);
        Assert.Equal(9000, dump["wp_pairs"].Select(row => Convert.ToHexString(row[0]!) + Convert.ToHexString(row[1]!)).Distinct().Count());
        Assert.Equal(["1|a", "1|a", "|", "2|"], dump["wp_keyless"].Select(row => Text(row[0]) + "|" + Text(row[1])));
        Assert.Equal(["a", "z"], dump["wp_choice"].Select(row => Text(row[0])).Order(StringComparer.Ordinal));
        Assert.Equal(3, dump["wp_latin"].Count);
        var large = dump["wp_large"];
        Assert.Equal(["1", "2", "3", "4", "5"], large.Select(row => Text(row[0])));
        Assert.Equal(string.Concat(Enumerable.Repeat("ab%ü", 700000)), Text(large[1][1]));
        Assert.Equal(new string('y', 1100000), Text(large[2][1]));
        Assert.Equal(1800000, large[2][2]!.Length);
        Assert.Null(large[0][2]);
        Assert.Null(large[4][1]);
        Assert.Equal("end", Text(large[4][2]));
        Assert.Equal([5, 1500000, 4], dump["wp_large_keyless"].Select(row => row[0]!.Length));
    }
}
