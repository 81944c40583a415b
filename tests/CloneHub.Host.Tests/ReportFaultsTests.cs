using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using CloneHub.Dev.Host;
using CloneHub.Testing;
using Npgsql;

namespace CloneHub.Host.Tests;

/// <summary>Reports when something is away, behind or built anew; acceptance never notices.</summary>
[Trait("Needs", "servers")]
public sealed class ReportFaultsTests(ServersFixture servers) : IClassFixture<ServersFixture>
{
    [Fact]
    public async Task A_key_reads_the_reports_of_its_own_tenant_only()
    {
        var (red, blue) = (NewKey("red"), NewKey("blue"));
        await using var host = await RunningHost.StartAsync(servers, new Dictionary<string, string>
        {
            ["CloneHub:ApiKeys:0:Tenant"] = "red",
            ["CloneHub:ApiKeys:0:Sha256"] = red.Hash,
            ["CloneHub:ApiKeys:1:Tenant"] = "blue",
            ["CloneHub:ApiKeys:1:Sha256"] = blue.Hash,
        });
        await host.PostAsync(Requests.Valid(), Bearer(red.Key));

        await Eventually.Until("the owner sees its job", async () => await RequestedAsync(host, red.Key) == 1);

        Assert.Equal(0, await RequestedAsync(host, blue.Key));
        (await host.GetAsync("/api/v2/reports/clones")).IsProblem(401, "API_KEY_REQUIRED");
    }

    [Fact]
    public async Task While_PostgreSQL_is_away_reports_wait_jobs_are_accepted_and_all_is_counted_afterwards()
    {
        var database = await servers.NewPostgreSqlDatabaseAsync();
        var name = new NpgsqlConnectionStringBuilder(database).Database;
        await using var host = await RunningHost.StartAsync(servers, new Dictionary<string, string> { ["CloneHub:PostgreSql:ConnectionString"] = database });
        await host.PostAsync(Requests.Valid());
        await Eventually.Until("the first job is counted", async () => await RequestedAsync(host) == 1);

        // Nobody gets in, and whoever is in is thrown out.
        await servers.Servers.QueryPostgreSqlAsync("postgres", $"alter database {name} allow_connections false", CancellationToken.None);
        await servers.Servers.QueryPostgreSqlAsync("postgres", $"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'", CancellationToken.None);
        Assert.Equal(202, (await host.PostAsync(Requests.Valid())).Status);
        (await host.GetAsync("/api/v2/reports/clones")).IsProblem(503, "STORE_UNAVAILABLE");
        var ready = await host.GetAsync("/health/ready");
        Assert.Equal((200, "degraded"), (ready.Status, ready.Json.GetProperty("checks").GetProperty("projections").GetProperty("status").GetString()));

        await servers.Servers.QueryPostgreSqlAsync("postgres", $"alter database {name} allow_connections true", CancellationToken.None);
        await Eventually.Until("both jobs are counted", async () => await RequestedAsync(host) == 2, TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task A_PostgreSQL_that_is_still_keeps_lists_and_reports_waiting_for_five_seconds()
    {
        var connection = new NpgsqlConnectionStringBuilder(await servers.NewPostgreSqlDatabaseAsync());
        using var line = new SlowLine(new IPEndPoint(IPAddress.Loopback, 0), new IPEndPoint(IPAddress.Parse(connection.Host!), connection.Port));
        (connection.Host, connection.Port) = ("127.0.0.1", line.Port);
        await using var host = await RunningHost.StartAsync(
            servers, new Dictionary<string, string> { ["CloneHub:PostgreSql:ConnectionString"] = connection.ConnectionString });
        await host.PostAsync(Requests.Valid());
        await Eventually.Until("the job is counted", async () => await RequestedAsync(host) == 1);

        line.Freeze();
        foreach (var path in (string[])["/api/v2/jobs", "/api/v2/reports/clones"])
        {
            var asked = Stopwatch.StartNew();
            var refused = (await host.GetAsync(path)).IsProblem(503, "STORE_UNAVAILABLE");
            Assert.True(asked.Elapsed < TimeSpan.FromSeconds(15), $"{path} answered after {asked.Elapsed}.");
            Assert.Equal(TimeSpan.FromSeconds(2), refused.Headers.RetryAfter?.Delta);
        }

        Assert.Equal(202, (await host.PostAsync(Requests.Valid())).Status);
        line.Thaw();
        await Eventually.Until("both jobs are counted", async () => await RequestedAsync(host) == 2, TimeSpan.FromSeconds(60));
        Assert.Equal(200, (await host.GetAsync("/api/v2/jobs")).Status);
    }

    [Fact]
    public async Task A_rebuild_beside_a_running_program_leaves_the_reports_as_they_were()
    {
        var database = await servers.NewPostgreSqlDatabaseAsync();
        await using var host = await RunningHost.StartAsync(servers, new Dictionary<string, string> { ["CloneHub:PostgreSql:ConnectionString"] = database });
        for (var i = 0; i < 5; i++) await host.PostAsync(Requests.Valid());
        await Eventually.Until("all jobs are counted", async () => await RequestedAsync(host) == 5);

        using var rebuild = await StartAsync(database, "projections", "rebuild");
        await host.PostAsync(Requests.Valid());
        var said = await rebuild.StandardOutput.ReadToEndAsync();
        await rebuild.WaitForExitAsync();

        Assert.True(rebuild.ExitCode == 0, said);
        Assert.Contains("Reports: rebuilt from", said, StringComparison.Ordinal);
        await Eventually.Until("all jobs are counted, each once", async () => await RequestedAsync(host) == 6, TimeSpan.FromSeconds(30));
        using var status = await StartAsync(database, "projections", "status");
        Assert.Contains("Reports: at event", await status.StandardOutput.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rebuild_that_is_killed_is_taken_up_by_the_next_one()
    {
        var database = await servers.NewPostgreSqlDatabaseAsync();
        await using (var host = await RunningHost.StartAsync(servers, new Dictionary<string, string> { ["CloneHub:PostgreSql:ConnectionString"] = database }))
        {
            for (var i = 0; i < 5; i++) await host.PostAsync(Requests.Valid());
            await Eventually.Until("all jobs are counted", async () => await RequestedAsync(host) == 5);
        }

        // What the program wrote while it stopped is not counted yet.
        using (var rest = await StartAsync(database, "projections", "rebuild", "Reports")) await rest.WaitForExitAsync();
        var live = await DaysAsync(database);
        using (var killed = await StartAsync(database, "projections", "rebuild", "Reports"))
        {
            // Nobody else is there to go on, and it waits a while for somebody.
            Assert.StartsWith("Reports: 0 of ", await killed.StandardOutput.ReadLineAsync(), StringComparison.Ordinal);
            killed.Kill();
            await killed.WaitForExitAsync();
        }

        Assert.NotEqual(live, await DaysAsync(database));
        using var next = await StartAsync(database, "projections", "rebuild", "Reports");
        var said = await next.StandardOutput.ReadToEndAsync();

        Assert.StartsWith("Reports: a rebuild was left unfinished; it goes on.", said, StringComparison.Ordinal);
        Assert.Equal(live, await DaysAsync(database));
    }

    private Task<string> DaysAsync(string database) => servers.Servers.QueryPostgreSqlAsync(
        new NpgsqlConnectionStringBuilder(database).Database!, "select id, data from clonehub.mt_doc_report_day order by id", CancellationToken.None);

    private async Task<Process> StartAsync(string database, params string[] command)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "CloneHub.Host.dll"), .. command]) { RedirectStandardOutput = true };
        foreach (var (name, value) in HostSettings.For(servers.Servers, await servers.CoreStoreAsync(), servers.NewFolder(), port: 0)) start.Environment[name] = value;
        start.Environment["CloneHub__PostgreSql__ConnectionString"] = database;
        return Process.Start(start)!;
    }

    private static async Task<int> RequestedAsync(RunningHost host, string? key = null)
    {
        var report = await host.GetAsync("/api/v2/reports/clones?group_by=day", key is null ? null : Bearer(key));
        return report.Status == 200 ? report.Json.GetProperty("rows").EnumerateArray().Sum(row => row.GetProperty("requested").GetInt32()) : -1;
    }

    private static Action<HttpRequestHeaders> Bearer(string key) => headers => headers.Authorization = new("Bearer", key);

    private static (string Key, string Hash) NewKey(string tenant)
    {
        using var output = new StringWriter();
        Assert.Equal(0, NewApiKey.Run(["--tenant", tenant], output, TextWriter.Null));
        var words = output.ToString().Split((char[])[' ', '\n', '='], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return (words.Single(word => word.StartsWith("ch_", StringComparison.Ordinal)), words.Single(word => word.Length == 64));
    }
}
