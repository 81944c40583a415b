using CloneHub.Dev.Servers;

namespace CloneHub.Benchmarks;

/// <summary>
/// How long a POST takes while five clones are built beside it, and how long after its answer the job can be read, by its status and in the
/// list. The requests name a source that is down and are cancelled afterwards.
/// </summary>
internal static class AcceptBenchmark
{
    private const int Clones = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(40);

    public static async Task RunAsync(Stage stage, Report report, CancellationToken ct)
    {
        var clones = new List<string>();
        for (var i = 0; i < Clones; i++) clones.Add(await stage.RequestAsync(ct));
        var building = Task.WhenAll(clones.Select(job => stage.WaitUntilServingAsync(job, ct)));
        var waiting = new List<string>();
        var (milliseconds, status, list) = (new List<double>(), new List<double>(), new List<double>());
        var nowhere = new Uri($"http://127.0.0.1:{Ports.Free()}/");
        while (!building.IsCompleted)
        {
            var started = TimeProvider.System.GetTimestamp();
            waiting.Add(await stage.RequestAsync(nowhere, ct));
            milliseconds.Add(TimeProvider.System.GetElapsedTime(started).TotalMilliseconds);
            var answered = TimeProvider.System.GetTimestamp();
            await stage.StatusAsync(waiting[^1], ct);
            status.Add(TimeProvider.System.GetElapsedTime(answered).TotalMilliseconds);
            await stage.WaitUntilListedAsync(waiting[^1], ct);
            list.Add(TimeProvider.System.GetElapsedTime(answered).TotalMilliseconds);
            await Task.Delay(Pause, TimeProvider.System, ct);
        }

        await building;
        Row($"POST while {Clones} clones are built, {milliseconds.Count} requests", milliseconds);
        Row("from the answer to the job's first status", status);
        Row("from the answer until the job is in the list, that first status included", list);
        await stage.RemoveAsync(clones.Concat(waiting), ct);

        void Row(string what, List<double> times) => report.Row(
            what,
            $"p50 {Statistics.Percentile(times, 50):0.0} ms, p95 {Statistics.Percentile(times, 95):0.0} ms, p99 {Statistics.Percentile(times, 99):0.0} ms, max {times.Max():0.0} ms");
    }
}

/// <summary>Many clones asked for at once, and what the Host needed for them.</summary>
internal static class BurstBenchmark
{
    public static async Task RunAsync(Stage stage, int clones, Report report, CancellationToken ct)
    {
        var started = TimeProvider.System.GetTimestamp();
        var jobs = await Task.WhenAll(Enumerable.Range(0, clones).Select(_ => stage.RequestAsync(ct)));
        await Task.WhenAll(jobs.Select(job => stage.WaitUntilServingAsync(job, ct)));
        report.Row($"{clones} clones at once, all serving after", $"{TimeProvider.System.GetElapsedTime(started).TotalSeconds:0.0} s");
        report.Row("memory of the Host, highest so far", $"{Machine.PeakMemory(stage.HostPid) / 1024.0 / 1024.0:0} MB");
        await stage.RemoveAsync(jobs, ct);
    }
}
