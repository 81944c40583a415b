using CloneHub.Dev;
using CloneHub.Provisioning.WordPress;
using CloneHub.Testing;

namespace CloneHub.Provisioning.Tests.WordPress.Source;

/// <summary>Rows as the source counts them against rows as they came.</summary>
[Trait("Needs", "servers")]
public sealed class CountTests(SourceSiteFixture fixture) : IClassFixture<SourceSiteFixture>
{
    /// <summary>The connector's own classes, called as a script of the site.</summary>
    private static readonly string Connector =
        $"require '{Repository.Path("wordpress/plugin/custom-migrator/src/autoload.php")}'; use CloneHub\\Migrator\\Reply; use CloneHub\\Migrator\\OnSource\\Database;"
        + "$db = Database::connect('binary'); $reply = new Reply(false, 0.2); ob_start();";

    [Fact]
    public async Task A_count_that_takes_long_keeps_the_line_awake()
    {
        var said = await fixture.Site.RunPhpAsync(
            Connector + "$row = Database::row($db, 'SELECT 7 + SLEEP(1.2)', 10, [$reply, 'beat']); $sent = ob_get_clean();"
            + "echo $row[0], ' ', substr_count($sent, 'CHF1' . chr(Reply::HEARTBEAT)) > 0 ? 'awake' : 'silent';", CancellationToken.None);
        Assert.Equal("7 awake", said);
    }

    [Fact]
    public async Task A_count_that_takes_too_long_is_stopped_and_its_transaction_goes_on()
    {
        var said = await fixture.Site.RunPhpAsync(
            Connector + "$db->query('CREATE TEMPORARY TABLE t (a INT) ENGINE=InnoDB'); $db->query('START TRANSACTION'); $db->query('INSERT INTO t VALUES (5)');"
            + "$row = Database::row($db, 'SELECT SUM(SLEEP(0.01)) FROM seq_1_to_6000', 0.1, [$reply, 'beat']); ob_end_clean();"
            + "echo null === $row ? 'stopped ' : 'done ', $db->query('SELECT a FROM t')->fetch_row()[0];", CancellationToken.None);
        Assert.Equal("stopped 5", said);
    }

    [Fact]
    public async Task A_count_that_fails_is_an_error()
    {
        var said = await fixture.Site.RunPhpAsync(
            Connector + "try { Database::row($db, 'SELECT COUNT(*) FROM wp_nowhere', 10, [$reply, 'beat']); } catch (mysqli_sql_exception $e) { ob_end_clean(); echo $e->getCode(); }", CancellationToken.None);
        Assert.Equal("1146", said);
    }

    [Fact]
    public async Task A_table_of_one_moment_whose_rows_cannot_all_be_read_fails_for_good()
    {
        await MakeAsync("wp_gaps_inno", "InnoDB");
        await using var channel = await SourceTests.ConnectAsync(fixture.Site);
        var fault = await Assert.ThrowsAsync<StepFaultException>(() => channel.DumpAllAsync([new DumpRequest("wp_gaps_inno", ["v"], ["v"])]));
        Assert.Equal(("CONNECTOR_FAILED", false), (fault.Fault.Code, fault.Fault.Retryable));
        Assert.Contains("has 600 rows, but 500 could be read", fault.Message, StringComparison.Ordinal);
        await channel.ByeAsync(CancellationToken.None);
    }

    [Theory]
    [InlineData("MyISAM")]
    [InlineData("Aria")]
    public async Task A_table_without_transactions_tells_both_numbers(string engine)
    {
        var table = "wp_gaps_" + engine;
        await MakeAsync(table, engine);
        await using var channel = await SourceTests.ConnectAsync(fixture.Site);
        var items = await channel.DumpAsync([new DumpRequest(table, ["v"], ["v"]), new DumpRequest(table, ["v"], [])], CancellationToken.None)
            .ToListAsync(item => item as TableEnded);
        Assert.Equal([new TableEnded(table, 500, 600), new TableEnded(table, 600, 600)], items);
        Assert.Equal(DumpConsistency.Fuzzy, channel.Consistency);
        await channel.ByeAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_dump_whose_last_frame_is_lost_is_not_called_one_moment()
    {
        var order = SourceTests.OrderFor(fixture.Site.Url);
        var secrets = SourceTests.Administrator(fixture.Site);
        await using var direct = await SourceTests.Connector.ConnectAsync(order, secrets, 1, CancellationToken.None);
        var facts = await direct.HelloAsync(CancellationToken.None);
        DumpRequest[] requests = [new("wp_posts", ["ID"], ["ID"])];

        await using var whole = await SpoiledLine.StartAsync(fixture.Site, async (context, body) => await context.Response.Body.WriteAsync(body));
        await using var one = new SpoiledLine(order, secrets, facts).Through(whole);
        await one.DumpAllAsync(requests);
        Assert.Equal(DumpConsistency.Snapshot, one.Consistency);

        // An orderly end too early: a reset could take away what was sent before it.
        await using var cut = await SpoiledLine.StartAsync(fixture.Site, async (context, body) => await context.Response.Body.WriteAsync(body.AsMemory(0, body.Length - 5)));
        await using var other = new SpoiledLine(order, secrets, facts).Through(cut);
        await other.DumpAllAsync(requests);
        Assert.Equal(DumpConsistency.Fuzzy, other.Consistency);
        await direct.ByeAsync(CancellationToken.None);
    }

    /// <summary>600 equal rows. Paged by a key that is none, those after the first page are passed over.</summary>
    private Task<IReadOnlyList<string?[]>> MakeAsync(string table, string engine) => fixture.Site.QueryAsync(
        $"CREATE TABLE {table} (v INT) ENGINE={engine}; INSERT INTO {table} SELECT 1 FROM seq_1_to_600", CancellationToken.None);
}
