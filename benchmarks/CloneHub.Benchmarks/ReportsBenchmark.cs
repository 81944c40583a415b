using System.Diagnostics;
using System.Globalization;
using CloneHub.Dev;
using CloneHub.Dev.Host;
using CloneHub.Dev.Servers;

namespace CloneHub.Benchmarks;

/// <summary>
/// Reports over a log of a million events: how fast a Host that starts on it counts them, how fast it answers from what it has counted, and
/// how long it takes to count all anew while it serves. No clone is made, so this stage has no source.
/// </summary>
internal static class ReportsBenchmark
{
    private const string Database = "bench_reports";
    private const string ConnectionSetting = "CloneHub__PostgreSql__ConnectionString";
    private const int Calls = 20;
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(100);

    public static async Task RunAsync(Report report, CancellationToken ct)
    {
        var progress = new Progress<string>(Console.Error.WriteLine);
        await using var installation = Installation.Open(Repository.Path(".clonehub", "bench-reports"), progress);
        await installation.StartServersAsync(ServerKinds.All, ct);
        await GenerateAsync(installation, report, ct);

        Environment.SetEnvironmentVariable(ConnectionSetting, installation.Servers.PostgreSql(Database));
        var started = TimeProvider.System.GetTimestamp();
        var host = await installation.StartHostAsync(ct);
        var events = await CountAsync(installation, "select count(*) from clonehub.mt_events", ct);
        await CatchUpAsync(installation, events, ct);
        var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        report.Row($"reports: {events:#,0} events counted, from the start of the Host", $"{seconds:0.0} s, {events / seconds:#,0} events/s");

        using var client = LoopbackHttp.CreateClient(host.Address);
        foreach (var question in Questions()) await MeasureAsync(client, question, report, ct);
        await RebuildAsync(installation, report, ct);
        Environment.SetEnvironmentVariable(ConnectionSetting, null);
    }

    /// <summary>Every report over all 90 days, and each at its finest.</summary>
    private static IEnumerable<string> Questions()
    {
        var today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
        var period = string.Create(CultureInfo.InvariantCulture, $"from={today.AddDays(-90):yyyy-MM-dd}&to={today:yyyy-MM-dd}");
        var month = string.Create(CultureInfo.InvariantCulture, $"from={today.AddDays(-30):yyyy-MM-dd}&to={today:yyyy-MM-dd}");
        yield return $"clones?{period}&group_by=day";
        yield return $"clones?{period}&group_by=customer";
        yield return $"clones?{period}&group_by=day,customer";
        yield return $"clones?{period}&group_by=day,customer&format=csv";
        yield return $"clones?{period}&group_by=day&customer_id=customer-7";
        yield return $"failures?{period}";
        yield return $"failures?{period}&group_by=step,day";
        yield return $"step-durations?{period}";
        yield return $"step-durations?{period}&group_by=step,day";
        yield return $"step-durations?{period}&customer_id=customer-7";
        yield return $"queue-wait?{period}";
        yield return $"queue-wait?{period}&group_by=day";
        yield return $"live-clones?{period}";
        yield return $"live-clones?{month}&group_by=hour";
    }

    private static async Task GenerateAsync(Installation installation, Report report, CancellationToken ct)
    {
        var servers = installation.Servers;
        await servers.QueryPostgreSqlAsync("postgres", $"drop database if exists {Database}", ct);
        await servers.QueryPostgreSqlAsync("postgres", $"create database {Database}", ct);
        await HostCommandAsync(installation, ["migrate"], ct);
        var now = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var sql = await File.ReadAllTextAsync(Repository.Path("benchmarks", "CloneHub.Benchmarks", "ReportLog.sql"), ct);
        var started = TimeProvider.System.GetTimestamp();
        await servers.QueryPostgreSqlAsync(Database, sql.Replace(":'now'", $"'{now}'", StringComparison.Ordinal), ct);
        await servers.QueryPostgreSqlAsync(Database, "vacuum analyze", ct);
        var jobs = await CountAsync(installation, "select count(*) from clonehub.mt_streams", ct);
        report.Row("reports: log of 1,000,000 events", $"{jobs:#,0} jobs, 4 tenants (70 % in the measured one), 200 customers, 90 days; generated in {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0} s");
    }

    private static async Task CatchUpAsync(Installation installation, long events, CancellationToken ct)
    {
        while (await CountAsync(installation, "select coalesce(max(last_seq_id), 0) from clonehub.mt_event_progression where name = 'Reports:All'", ct) < events)
            await Task.Delay(BetweenLooks, TimeProvider.System, ct);
    }

    private static async Task MeasureAsync(HttpClient client, string question, Report report, CancellationToken ct)
    {
        var address = new Uri($"api/v2/reports/{question}", UriKind.Relative);
        var size = (await client.GetByteArrayAsync(address, ct)).Length;
        var milliseconds = new List<double>();
        for (var call = 0; call < Calls; call++)
        {
            var started = TimeProvider.System.GetTimestamp();
            await client.GetByteArrayAsync(address, ct);
            milliseconds.Add(TimeProvider.System.GetElapsedTime(started).TotalMilliseconds);
        }

        report.Row($"reports: {question}", $"p50 {Statistics.Percentile(milliseconds, 50):0.0} ms, p95 {Statistics.Percentile(milliseconds, 95):0.0} ms, {size / 1024.0:0.0} KB");
    }

    private static async Task RebuildAsync(Installation installation, Report report, CancellationToken ct)
    {
        const string digest = "select md5(string_agg(id || data::text, '' order by id)) from clonehub.mt_doc_report_day";
        var before = await installation.Servers.QueryPostgreSqlAsync(Database, digest, ct);
        var started = TimeProvider.System.GetTimestamp();
        await HostCommandAsync(installation, ["projections", "rebuild", "Reports"], ct);
        var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        var same = before == await installation.Servers.QueryPostgreSqlAsync(Database, digest, ct);
        report.Row("reports: rebuilt by command while the Host serves", $"{seconds:0.0} s, views {(same ? "equal to those before" : "DIFFERENT from those before")}");
    }

    private static async Task<long> CountAsync(Installation installation, string sql, CancellationToken ct) =>
        long.Parse(await installation.Servers.QueryPostgreSqlAsync(Database, sql, ct), CultureInfo.InvariantCulture);

    private static async Task HostCommandAsync(Installation installation, string[] command, CancellationToken ct)
    {
        var start = new ProcessStartInfo("dotnet", [HostSettings.Program(), .. command]);
        foreach (var (name, value) in HostSettings.For(installation.Servers, installation.Core.Parent!, installation.State, Ports.Free())) start.Environment[name] = value;
        start.Environment[ConnectionSetting] = installation.Servers.PostgreSql(Database);
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync(ct);
        if (process.ExitCode != 0) throw new InvalidOperationException($"The Host's command {string.Join(' ', command)} ended with {process.ExitCode}.");
    }
}
