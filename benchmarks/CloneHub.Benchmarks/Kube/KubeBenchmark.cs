using System.Globalization;
using System.Net;
using CloneHub.Dev.Host;

namespace CloneHub.Benchmarks.Kube;

/// <summary>
/// Clones of S in a cluster, one after the other with and without a warm instance, then as many at once as the pool holds: seconds from sending the POST to the first 200 of the
/// home page through the Ingress once the clone was handed over, the parts of it, and how many requests of the API server a clone costs from birth to removal.
/// </summary>
internal static class KubeBenchmark
{
    public const int UsualClones = 10;
    private const int Pool = 8;

    // What a customer may count on, on a machine that does nothing else (docs/performance.md).
    private const double MostSeconds = 8;
    private const double MostToClaim = 1;
    private const double MostAtOnce = 60;
    private const double MostCalls = 15;

    public static async Task RunAsync(int clones, Report report, CancellationToken ct)
    {
        await using var cluster = await ClusterStage.OpenAsync(ct);
        var size = Pool.ToString(CultureInfo.InvariantCulture);
        report.Row("load before", $"{(await File.ReadAllTextAsync("/proc/loadavg", ct)).Split(' ')[0]}");
        await using (var cold = await cluster.StartHostAsync(ct, ("CloneHub__Slots", size), ("CloneHub__Pool__MaxSize", size), ("CloneHub__Pool__Size", "0")))
        {
            await cold.RemoveLeftAsync(ct);
            await OneAfterTheOtherAsync(cold, cluster.Audit, "cold", clones, report, ct);
        }

        // The node is this machine: what is made for the next clone is made after this one, not beside it. So the pool looks less often than a clone takes.
        await using var warm = await cluster.StartHostAsync(ct, ("CloneHub__Pool__Size", size), ("CloneHub__Pool__Interval", "00:00:30"));
        await OneAfterTheOtherAsync(warm, cluster.Audit, "with a warm instance", clones, report, ct);
        await AtOnceAsync(warm, report, ct);
    }

    private static async Task OneAfterTheOtherAsync(Stage stage, AuditLog? audit, string how, int clones, Report report, CancellationToken ct)
    {
        var seconds = new List<double>();
        var visits = new List<double>();
        var steps = new List<(string Step, double Seconds)>();
        var calls = audit?.Calls().Count ?? 0;
        var isWarm = how != "cold";
        for (var round = 0; round < clones; round++)
        {
            if (isWarm) await stage.WaitForPoolAsync(ct, Pool);
            if (isWarm && round == 0) calls = audit?.Calls().Count ?? 0;
            var started = TimeProvider.System.GetTimestamp();
            var job = await stage.RequestAsync(ct);
            var serving = await stage.WaitUntilServingAsync(job, ct);
            var handedOver = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
            await VisitAsync(serving, ct);
            seconds.Add(TimeProvider.System.GetElapsedTime(started).TotalSeconds);
            visits.Add(seconds[^1] - handedOver);
            await stage.RemoveAsync([job], ct);
            steps.AddRange((await stage.StepsAsync(job, ct)).Where(step => step.Step != "remove"));
        }

        // Each clone's instance is replaced, so that over the rounds as many are made as are used.
        if (isWarm) await stage.WaitForPoolAsync(ct, Pool);
        report.Row(
            $"S {how}, POST to the first 200 through the Ingress, {clones}",
            $"p50 {Statistics.Percentile(seconds, 50):0.0} s, p95 {Statistics.Percentile(seconds, 95):0.0} s (all: {Joined(seconds)})");
        if (isWarm) report.Bound($"S {how}, p50", Statistics.Percentile(seconds, 50), MostSeconds, " s");
        var parts = steps.GroupBy(step => step.Step).Select(step => string.Create(
            CultureInfo.InvariantCulture, $"{step.Key} {Statistics.Percentile([.. step.Select(one => one.Seconds)], 50):0.00} s"));
        report.Row($"its steps, and the visit after them, p50", $"{string.Join(", ", parts)}, visit {Statistics.Percentile(visits, 50):0.00} s");
        if (audit is not null) TellCalls(audit.Calls().Skip(calls).ToList(), how, clones, report);
    }

    private static void TellCalls(List<AuditedCall> calls, string how, int clones, Report report)
    {
        var own = calls.Where(call => !call.IsShared).ToList();
        var kinds = own.GroupBy(call => call.What).OrderByDescending(kind => kind.Count())
            .Select(kind => string.Create(CultureInfo.InvariantCulture, $"{kind.Key} {(double)kind.Count() / clones:0.#}"));
        report.Row(
            $"requests of a clone {how}, from birth to removal, by the API server's audit",
            $"{(double)own.Count / clones:0.0} ({string.Join(", ", kinds)}); besides {calls.Count - own.Count} lists and watches for all of them together");
        report.Bound($"requests of a clone {how}", (double)own.Count / clones, MostCalls, "");
    }

    private static async Task AtOnceAsync(Stage stage, Report report, CancellationToken ct)
    {
        await stage.WaitForPoolAsync(ct, Pool);
        var started = TimeProvider.System.GetTimestamp();
        var jobs = await Task.WhenAll(Enumerable.Range(0, Pool).Select(_ => stage.RequestAsync(ct)));
        var ready = await Task.WhenAll(jobs.Select(async job =>
        {
            await VisitAsync(await stage.WaitUntilServingAsync(job, ct), ct);
            return TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        }));
        await stage.RemoveAsync(jobs, ct);
        var claimed = await Task.WhenAll(jobs.Select(job => stage.EndOfAsync(job, "create_database", ct)));
        report.Row($"{Pool} requests at once, a pool of {Pool}", $"all claimed {claimed.Max():0.00} s after their acceptance, all ready after {ready.Max():0.0} s, the first after {ready.Min():0.0} s");
        report.Bound("all claimed", claimed.Max(), MostToClaim, " s");
        report.Bound("all ready", ready.Max(), MostAtOnce, " s");
    }

    private static async Task VisitAsync(System.Text.Json.JsonElement status, CancellationToken ct)
    {
        using var visitor = LoopbackHttp.CreateClient(new Uri(status.GetProperty("result").GetProperty("clone_url").GetString()!));
        using var home = await visitor.GetAsync(new Uri("/", UriKind.Relative), ct);
        if (home.StatusCode != HttpStatusCode.OK) throw new InvalidOperationException($"{visitor.BaseAddress} answers {(int)home.StatusCode}.");
    }

    private static string Joined(IEnumerable<double> seconds) => string.Join(", ", seconds.Select(s => s.ToString("0.0", CultureInfo.InvariantCulture)));
}
