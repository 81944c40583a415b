using System.Collections.Concurrent;
using System.Globalization;
using CloneHub.Dev;
using CloneHub.Dev.Host;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;
using CloneHub.Dev.WordPress;

namespace CloneHub.Benchmarks;

/// <summary>
/// Many clones, some at a time, while every minute one of the servers that CloneHub depends on ends and starts again: Redis, PostgreSQL, MariaDB in turn,
/// by SIGTERM and SIGKILL in turn. The source has a MariaDB of its own, which is left alone: its faults would be the source's.
/// </summary>
internal static class SoakBenchmark
{
    public const int UsualClones = 300;
    private const int AtOnce = 8;
    private static readonly TimeSpan BeforeFirstFault = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan BetweenFaults = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan PatienceWithLeftovers = TimeSpan.FromMinutes(2);
    private static readonly ServerKinds[] Turn = [ServerKinds.Redis, ServerKinds.PostgreSql, ServerKinds.MariaDb];

    public static async Task RunAsync(Stage stage, int clones, Report report, CancellationToken ct)
    {
        using var leash = new Leash();
        var progress = new Progress<string>(Console.Error.WriteLine);
        var apart = new PrivateServersOptions { StateDirectory = Repository.Path(".clonehub", "bench-source"), Wanted = ServerKinds.MariaDb, Leash = leash };
        var servers = await PrivateServers.StartAsync(apart, progress, ct);
        try
        {
            await SourceSite.StopAllAsync(servers.State, ct);
            await using var source = await stage.StartSourceAsync(SiteContent.Demo, ct, servers);
            await RunAsync(stage, source, clones, report, ct);
        }
        finally
        {
            await servers.StopAsync(CancellationToken.None);
        }
    }

    private static async Task RunAsync(Stage stage, SourceSite source, int clones, Report report, CancellationToken ct)
    {
        var soak = new PatientClient(stage.Client);
        var ended = new ConcurrentBag<SoakedJob>();
        var started = TimeProvider.System.GetTimestamp();
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var faults = BreakAsync(stage, enough.Token);
        await Parallel.ForEachAsync(Enumerable.Range(0, clones), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct }, async (_, token) =>
        {
            ended.Add(await soak.RunJobAsync(source, token));
            if (ended.Count % 25 == 0) await Console.Error.WriteLineAsync($"{ended.Count} of {clones}");
        });
        var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        await enough.CancelAsync();
        var restarts = await faults;

        var completed = ended.Where(job => job.Code is null).ToList();
        var left = await LeftAsync(stage, source, [.. ended.Select(job => job.Id).Where(id => id.Length > 0)], ct);
        report.Row($"soak: {clones} clones of S, {AtOnce} at a time", $"{completed.Count} completed ({100.0 * completed.Count / clones:0.0} %), in {seconds:0} s; {restarts.Count} restarts: {string.Join(", ", restarts)}");
        report.Row("soak: failed", $"{Failures(ended)}");
        report.Row("soak: a clone, from POST to completed", $"p50 {Statistics.Percentile([.. completed.Select(job => job.Seconds)], 50):0.0} s, p95 {Statistics.Percentile([.. completed.Select(job => job.Seconds)], 95):0.0} s, max {completed.Max(job => job.Seconds):0.0} s");
        report.Row("soak: calls repeated because of a 503", $"{soak.Repeats}");
        report.Row("soak: left on the machine and on the source", $"{(left.Count == 0 ? "nothing" : string.Join("; ", left.Take(5)))}");
        report.Row("memory of the Host, highest so far", $"{Machine.PeakMemory(stage.HostPid) / 1024.0 / 1024.0:0} MB");
    }

    /// <summary>A code that docs/errors.md does not name would be no true answer.</summary>
    private static string Failures(IEnumerable<SoakedJob> jobs)
    {
        var documented = File.ReadAllText(Repository.Path("docs", "errors.md"));
        var codes = jobs.Where(job => job.Code is not null)
            .GroupBy(job => $"{job.Step} {job.Code}{(documented.Contains($"`{job.Code}`", StringComparison.Ordinal) ? "" : " (NOT DOCUMENTED)")}")
            .Select(group => string.Create(CultureInfo.InvariantCulture, $"{group.Count()} x {group.Key} ({group.First().Id}: {group.First().Message})")).ToList();
        return codes.Count == 0 ? "none" : string.Join("; ", codes);
    }

    /// <returns>What was done to whom.</returns>
    private static async Task<List<string>> BreakAsync(Stage stage, CancellationToken ct)
    {
        var done = new List<string>();
        try
        {
            await Task.Delay(BeforeFirstFault, TimeProvider.System, ct);
            for (var turn = 0; ; turn++)
            {
                var (kind, signal) = (Turn[turn % Turn.Length], turn % 2 == 0 ? "TERM" : "KILL");
                // A server that is down at the end must come up again: the clones are still to be looked at.
                await stage.Servers.RestartAsync(kind, signal, CancellationToken.None);
                done.Add($"{kind} {signal}");
                await Task.Delay(BetweenFaults, TimeProvider.System, ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return done;
        }
    }

    /// <summary>What is owed to a source, and what the sweep finds, is put right within this time.</summary>
    private static async Task<IReadOnlyList<string>> LeftAsync(Stage stage, SourceSite source, IReadOnlyList<string> jobs, CancellationToken ct)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            IReadOnlyList<string> left = [.. await Leftovers.OfClonesAsync(stage.Servers, stage.State, jobs, ct), .. await Leftovers.OnSourceAsync(source, ct)];
            if (left.Count == 0 || TimeProvider.System.GetElapsedTime(started) > PatienceWithLeftovers) return left;
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, ct);
        }
    }
}
