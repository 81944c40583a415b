using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using CloneHub.Dev.WordPress;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.Import;
using CloneHub.Provisioning.WordPress.Rewriting;
using CloneHub.Testing;
using Microsoft.AspNetCore.Http;

namespace CloneHub.Provisioning.Tests.WordPress.Source;

/// <summary>Rows that are hard to copy, over lines that are hard to use.</summary>
[Trait("Needs", "servers")]
public sealed class DumpTests : IClassFixture<ServersFixture>, IAsyncLifetime
{
    private static readonly string[] Setup =
    [
        "CREATE TABLE wp_types (id INT AUTO_INCREMENT PRIMARY KEY, f FLOAT, d DOUBLE, b BIT(10), bin VARBINARY(20), `we``ird` VARCHAR(9), twice INT AS (LENGTH(bin) * 2) STORED, dt DATETIME(6), t TIME(3), e ENUM('a','ü'), n DECIMAL(30,10))",
        @"INSERT INTO wp_types (f, d, b, bin, `we``ird`, dt, t, e, n) VALUES (1/3, 1e308, 513, x'00011a090a5c25', '100%', '2020-01-02 03:04:05.678901', '-01:02:03.004', 'ü', 12345678901234567890.0123456789), (NULL,NULL,NULL,'',NULL,'0000-00-00','00:00:00',NULL,NULL)",
        "CREATE TABLE wp_latin (k VARCHAR(10) CHARACTER SET latin1 COLLATE latin1_bin NOT NULL, v TEXT CHARACTER SET latin1, PRIMARY KEY (k))",
        "INSERT INTO wp_latin VALUES ('a', x'ff80c3bc'), (x'e4', 'b'), (x'fc', 'c')",
        "CREATE TABLE wp_keyless (v INT NULL, w VARCHAR(10))",
        "INSERT INTO wp_keyless VALUES (1,'a'), (1,'a'), (NULL,NULL), (2,'')",
        "CREATE TABLE wp_pairs (a INT, b VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, c VARCHAR(400), PRIMARY KEY (a, b))",
        "INSERT INTO wp_pairs SELECT seq DIV 100, CONCAT('ключ', seq MOD 100), REPEAT('x', 300) FROM seq_1_to_9000",
        "CREATE TABLE wp_large (id INT PRIMARY KEY, v LONGTEXT, w LONGBLOB)",
        "INSERT INTO wp_large VALUES (1,'small',NULL), (2,REPEAT('ab%ü',700000),x'00'), (3,REPEAT('y',1100000),REPEAT(x'00ff',900000)), (4,'',''), (5,NULL,'end')",
        "CREATE TABLE wp_large_keyless (v LONGTEXT)",
        "INSERT INTO wp_large_keyless VALUES ('first'), (REPEAT('z',1500000)), ('last')",
        "CREATE TABLE wp_choice (e ENUM('z','a') PRIMARY KEY) ENGINE=MyISAM",
        "INSERT INTO wp_choice VALUES ('a'), ('z')",
        "CREATE TABLE wp_uuid (id UUID PRIMARY KEY)",
        "INSERT INTO wp_uuid SELECT UUID() FROM seq_1_to_3000",
        "CREATE TABLE wp_many (id INT PRIMARY KEY, v VARCHAR(20))",
        "INSERT INTO wp_many SELECT CAST(seq AS SIGNED) - 4501, seq FROM seq_1_to_9001",
        "CREATE TABLE other_app (id INT)",
        "CREATE TABLE wp_shop_options (id INT)", "CREATE TABLE wp_shop_posts (id INT)", "CREATE TABLE wp_shop_users (id INT)", "CREATE TABLE wp_shop_usermeta (id INT)",
        "CREATE VIEW wp_view AS SELECT id FROM wp_types",
        "CREATE PROCEDURE wp_tidy() SELECT 1", "CREATE FUNCTION wp_double(n INT) RETURNS INT DETERMINISTIC RETURN n * 2",
        "CREATE EVENT wp_nightly ON SCHEDULE EVERY 1 DAY DO SELECT 1",
        "CREATE TRIGGER wp_types_trigger BEFORE INSERT ON wp_types FOR EACH ROW SET NEW.f = NEW.f",
    ];

    private readonly ServersFixture _servers;
    private readonly Contracts.JobSecrets _secrets = SourceTests.Secrets("admin", "");
    private Contracts.CloneOrder _order = null!;
    private SourceSite _site = null!;
    private SourceChannel _channel = null!;
    private SpoiledLine _line = null!;
    private SourceSchema _schema = null!;

    public DumpTests(ServersFixture servers) => _servers = servers;

    public async Task InitializeAsync()
    {
        _site = await _servers.StartSiteAsync(new SourceSiteOptions
        {
            Name = ServersFixture.Unique("s"),
            PhpSettings = new Dictionary<string, string> { ["memory_limit"] = "40M" },
        });
        await _site.QueryAsync("SET SESSION sql_mode = ''; " + string.Join("; ", Setup), CancellationToken.None);
        _order = SourceTests.OrderFor(_site.Url);
        _channel = await SourceTests.Connector.ConnectAsync(
            _order, _secrets with { SourcePassword = new Contracts.Secret(_site.AdminPassword) }, 1, CancellationToken.None);
        _schema = await _channel.SchemaAsync(CancellationToken.None);
        _line = new SpoiledLine(_order, _secrets, await _channel.HelloAsync(CancellationToken.None));
    }

    public async Task DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _site.DisposeAsync();
    }

    [Fact]
    public void The_schema_holds_the_sites_own_tables_and_names_the_others()
    {
        Assert.Equal(["other_app", "wp_shop_options", "wp_shop_posts", "wp_shop_usermeta", "wp_shop_users"], _schema.LeftOut);
        Assert.Equal("wp_view", Assert.Single(_schema.Tables, table => table.IsView).Name);
        Assert.Equal(["function wp_double", "procedure wp_tidy", "event wp_nightly"], _schema.Routines!);
        Assert.Equal("wp_types_trigger", Assert.Single(_schema.Triggers).Name);
        Assert.Equal(["a", "b"], Table("wp_pairs").Key);
        Assert.Empty(Table("wp_keyless").Key);
        Assert.DoesNotContain("twice", Table("wp_types").ToDumpRequest().Columns);
        Assert.Contains("we`ird", Table("wp_types").ToDumpRequest().Columns);
        Assert.StartsWith("CREATE TABLE `wp_latin`", Table("wp_latin").CreateSql, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Values_of_every_type_arrive_as_they_are_stored()
    {
        var dump = await DumpAsync(_channel);
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
        Assert.Equal(DumpConsistency.Fuzzy, _channel.Consistency);
    }

    [Fact]
    public async Task A_table_without_transactions_makes_the_dump_fuzzy_and_others_do_not()
    {
        await _channel.DumpAllAsync([Table("wp_types").ToDumpRequest(), Table("wp_pairs").ToDumpRequest()]);
        Assert.Equal(DumpConsistency.Snapshot, _channel.Consistency);
        await _channel.DumpAllAsync([Table("wp_choice").ToDumpRequest()]);
        Assert.Equal(DumpConsistency.Fuzzy, _channel.Consistency);
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
        await using var channel = _line.Through(line, clock: clock);
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
        var dump = await DumpAsync(_channel);
        Assert.Equal(3000, dump["wp_uuid"].Select(row => Text(row[0])).Distinct().Count());
    }

    [Fact]
    public async Task Sums_of_what_is_there_are_those_of_what_came_until_a_row_changes()
    {
        var plans = await ReadAsync(_channel);
        Assert.Equal(3, plans["wp_many"].Ranges.Count);
        Assert.Empty(await ChangedAsync(_channel));
        await using (var line = await LineAsync(SpoiledLine.Cutting()))
        await using (var cut = Through(line))
            Assert.Empty(await ChangedAsync(cut));
        await using (var line = await LineAsync((context, body) => context.Response.Body.WriteAsync(body).AsTask()))
        await using (var brief = Through(line, answerSeconds: 0))
            Assert.Empty(await ChangedAsync(brief));

        await _site.QueryAsync(
            "UPDATE wp_many SET v = 'other' WHERE id = 0; DELETE FROM wp_keyless WHERE v = 2; UPDATE wp_large SET w = x'01' WHERE id = 2; UPDATE wp_types SET f = 7; "
            + "UPDATE wp_options SET option_value = 'other' WHERE option_name = 'blogname'; INSERT INTO wp_options (option_name, option_value) VALUES ('_transient_new', '')",
            CancellationToken.None);
        Assert.Equal(["wp_keyless 0", "wp_large 0", "wp_many 1", "wp_options 0"], await ChangedAsync(_channel));

        async Task<IReadOnlyList<string>> ChangedAsync(SourceChannel channel)
        {
            var changed = new List<string>();
            await foreach (var now in channel.SumsAsync([.. plans.Values.Select(ChangedRanges.Request)], CancellationToken.None))
                if (!plans[now.Table].Ranges[now.Range].IsSame(now)) changed.Add($"{now.Table} {now.Range}");
            return [.. changed.Order(StringComparer.Ordinal)];
        }
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
        foreach (var source in new[] { _channel, channel })
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
        var plans = _schema.Tables.Where(table => !table.IsView).ToDictionary(table => table.Name, table => new TablePlan(table));
        var encoder = new RowEncoder(new ContentRewriter(new RewriteMap()));
        await foreach (var item in channel.DumpAsync(Requests, CancellationToken.None))
            if (item is TableRows rows) encoder.Write(plans[rows.Table], rows.Batch, new ArrayBufferWriter<byte>());
        return plans;
    }

    private IReadOnlyList<DumpRequest> Requests => [.. _schema.Tables.Where(table => !table.IsView).Select(table => table.ToDumpRequest())];

    private SourceTable Table(string name) => Assert.Single(_schema.Tables, table => table.Name == name);

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

    private static string Text(byte[]? value) => value is null ? "" : Encoding.UTF8.GetString(value);

    private SourceChannel Through(FakeSite line, double answerSeconds = 20) => _line.Through(line, answerSeconds);

    private Task<FakeSite> LineAsync(Func<HttpContext, byte[], Task> answer) => SpoiledLine.StartAsync(_site, answer);
}
