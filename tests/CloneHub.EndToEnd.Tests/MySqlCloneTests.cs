using System.Text.Json;
using CloneHub.Dev.Host;
using CloneHub.Dev.WordPress;
using CloneHub.Testing;
using MySqlConnector;

namespace CloneHub.EndToEnd.Tests;

/// <summary>A site whose database is on a real MySQL, while clones have theirs on MariaDB.</summary>
[Trait("Needs", "servers")]
public sealed class MySqlCloneTests(ServersFixture servers) : IClassFixture<ServersFixture>
{
    private const string Orders =
        "create table wp_orders (id bigint unsigned auto_increment primary key, code varchar(20) not null unique, body json, total float, paid bit(3), unique key low ((lower(code)))) collate utf8mb4_0900_ai_ci;"
        + "insert into wp_orders (code, body, total, paid) values ('a', '{\"note\":\"é\"}', 1e0/3, b'101'), ('a ', null, null, null)";

    [Fact]
    public async Task A_site_on_MySQL_is_cloned_whole_and_gets_its_clones_work()
    {
        await using var site = await servers.StartSiteAsync(new SourceSiteOptions { Name = ServersFixture.Unique("y"), Database = await ServersFixture.MySqlAsync() });
        await site.QueryAsync(Orders, CancellationToken.None);
        var version = (await site.QueryAsync("select version()", CancellationToken.None))[0][0];
        Assert.DoesNotContain("MariaDB", version, StringComparison.Ordinal);
        // WordPress puts its own house in order at the first visits.
        await CloneTests.AdministratorVisitAsync(site);
        using (var visitor = LoopbackHttp.CreateClient(site.Url)) await visitor.GetStringAsync(new Uri("?p=1", UriKind.Relative));
        await using var host = await HostProcess.StartAsync(servers);
        var api = new CloneApi(host);

        var job = await api.RequestAsync(site);
        var result = (await api.WaitAsync(job, "completed")).GetProperty("result");

        Assert.Equal("full", result.GetProperty("fidelity").GetString());
        var warning = Assert.Single(result.GetProperty("warnings").EnumerateArray().Select(each => each.GetString()!), each => each.Contains("wp_", StringComparison.Ordinal));
        Assert.StartsWith("wp_orders: an index over an expression was left out", warning, StringComparison.Ordinal);
        var certificate = JsonElement.Parse(await host.Client.GetStringAsync(new Uri($"api/v2/jobs/{job}/certificate", UriKind.Relative))).GetProperty("certificate");
        Assert.Equal(version, certificate.GetProperty("source").GetProperty("database").GetString());
        await AssertSameTablesAsync(site, job, certificate.GetProperty("tables"));
        Assert.Empty(await Traces.OnSourceAsync(site));
        await AssertRestoredAsync(site, host, job);
    }

    /// <summary>What was worked in the clone comes back to MySQL, JSON as the type that it is there.</summary>
    private async Task AssertRestoredAsync(SourceSite site, HostProcess host, string clone)
    {
        await using (var connection = new MySqlConnection(new MySqlConnectionStringBuilder(servers.MariaDb) { Database = $"clone_{clone["job-".Length..]}" }.ConnectionString))
        {
            await connection.OpenAsync();
            await using var work = new MySqlCommand("update wp_orders set body = '{\"paid\":1, \"note\":\"é\"}', paid = b'11' where id = 2; update wp_posts set post_title = 'Worked in the clone' where ID = 1", connection);
            Assert.Equal(2, await work.ExecuteNonQueryAsync());
        }

        var job = await RestoreTests.RequestAsync(host, site, clone, new { });
        await new CloneApi(host).WaitAsync(job, "completed", 2 * CloneApi.Patience);

        Assert.Equal([["Worked in the clone"]], await site.QueryAsync("select post_title from wp_posts where ID = 1", CancellationToken.None));
        Assert.Equal(
            [["a", "{\"note\": \"é\"}", "5"], ["a ", "{\"note\": \"é\", \"paid\": 1}", "3"]],
            await site.QueryAsync("select code, body, paid + 0 from wp_orders order by id", CancellationToken.None));
        Assert.Equal([["json"]], await site.QueryAsync("select data_type from information_schema.columns where table_schema = database() and table_name = 'wp_orders' and column_name = 'body'", CancellationToken.None));
    }

    /// <summary>As anybody would compare them who has both databases.</summary>
    private async Task AssertSameTablesAsync(SourceSite site, string job, JsonElement certified)
    {
        var clone = new MySqlConnectionStringBuilder(servers.MariaDb) { Database = $"clone_{job["job-".Length..]}" }.ConnectionString;
        var sums = certified.EnumerateArray().ToDictionary(table => table.GetProperty("name").GetString()!);
        Assert.Equal((await site.QueryAsync("show tables", CancellationToken.None)).Select(row => row[0]!).Order(StringComparer.Ordinal), sums.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, columns) in (IEnumerable<(string, string[])>)[("wp_orders", ["id", "code", "body"]), ("wp_terms", ["term_id", "name", "slug", "term_group"])])
        {
            Assert.Equal((name, await TableSums.OfAsync(site.ConnectionString, name, columns)), (name, sums[name].GetProperty("source_sum").GetString()));
            Assert.Equal((name, await TableSums.OfAsync(clone, name, columns)), (name, sums[name].GetProperty("clone_sum").GetString()));
            Assert.Equal(0, sums[name].GetProperty("rewritten_values").GetInt64());
        }

        await using var connection = new MySqlConnection(clone);
        await connection.OpenAsync();
        await using var command = new MySqlCommand("select concat_ws('|', code, total + 0e0, paid + 0) from wp_orders order by id limit 1", connection);
        var sent = (await site.QueryAsync("select concat_ws('|', code, total + 0e0, paid + 0) from wp_orders order by id limit 1", CancellationToken.None))[0][0];
        Assert.Equal(sent, await command.ExecuteScalarAsync());
    }
}
