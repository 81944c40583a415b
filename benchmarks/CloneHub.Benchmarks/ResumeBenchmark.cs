using JobStage = CloneHub.Jobs.Stage;

namespace CloneHub.Benchmarks;

/// <summary>
/// How soon a Host that was killed is back with ten thousand jobs, of which half wait, a hundred build and the others serve: until it accepts again, and until
/// every job has been recovered and has told what it wants or holds. Requests go on meanwhile, one after the other.
/// </summary>
internal static class ResumeBenchmark
{
    public const int UsualJobs = 10_000;
    private const double MostToAccept = 6;
    private const double MostToWake = 20;
    private const int Building = 100;
    private const int Rounds = 3;

    public static async Task RunAsync(int jobs, Report report, CancellationToken ct)
    {
        await using var stage = await ScaleStage.StartAsync("resume", slots: Building, ct);
        await stage.LaunchAsync(ct);
        await stage.UntilAcceptedAsync(TimeProvider.System.GetTimestamp(), ct);
        await stage.EndAsync("KILL", ct);
        await using (var seeder = await stage.SeederAsync())
        {
            // In the order in which they were accepted: what serves was there before what waits.
            await seeder.AddAsync(JobStage.Serving, jobs - (jobs / 2) - Building, ct);
            await seeder.AddAsync(JobStage.PodReady, Building, ct);
            await seeder.AddAsync(JobStage.Requested, jobs / 2, ct);
        }

        for (var round = 1; round <= Rounds; round++)
        {
            var started = TimeProvider.System.GetTimestamp();
            await stage.LaunchAsync(ct);
            var accepted = await stage.UntilAcceptedAsync(started, ct);
            using var enough = CancellationTokenSource.CreateLinkedTokenSource(ct);
            var requests = RequestAsync(stage, enough.Token);
            var (awake, queue) = await stage.UntilAllAwakeAsync(jobs, started, ct);
            await enough.CancelAsync();
            var times = await requests;
            report.Row(
                $"{jobs:#,0} jobs, Host killed, start {round}",
                $"first accept after {accepted:0.0} s; {queue.Depth:#,0} waiting, {queue.Building} building, {queue.Clones:#,0} clones, all of them awake after {awake:0.0} s; meanwhile {times.Count} POSTs, p50 {Milliseconds(times, 50):0} ms, p95 {Milliseconds(times, 95):0} ms, max {Milliseconds(times, 100):0} ms; memory at most {Machine.PeakMemory(stage.Host.Pid) / 1024 / 1024} MB");
            if (jobs == UsualJobs) Judge(accepted, awake, report);
            await stage.EndAsync("KILL", ct);
        }
    }

    private static void Judge(double accepted, double awake, Report report)
    {
        report.Bound("first accept after a kill", accepted, MostToAccept, " s");
        report.Bound("all jobs awake after a kill", awake, MostToWake, " s");
    }

    private static double Milliseconds(IReadOnlyCollection<double> seconds, int percent) => 1000 * Statistics.Percentile(seconds, percent);

    private static async Task<IReadOnlyCollection<double>> RequestAsync(ScaleStage stage, CancellationToken enough)
    {
        var times = new List<double>();
        try
        {
            while (!enough.IsCancellationRequested)
            {
                times.Add(await stage.AcceptAsync(enough) ?? throw new InvalidOperationException("A request was not accepted while jobs were woken."));
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, enough);
            }
        }
        catch (OperationCanceledException) when (enough.IsCancellationRequested)
        {
            // All are awake.
        }

        return times;
    }
}
