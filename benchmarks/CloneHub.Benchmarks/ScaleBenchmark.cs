using System.Globalization;
using JobStage = CloneHub.Jobs.Stage;

namespace CloneHub.Benchmarks;

/// <summary>What one Host needs for a hundred thousand jobs, half of which wait and half serve: at most while it wakes them all after its start, and afterwards.</summary>
internal static class ScaleBenchmark
{
    public const int UsualJobs = 100_000;
    private const double MiB = 1024 * 1024;
    private const double MostMemory = 400;
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(20);

    public static async Task RunAsync(int jobs, Report report, CancellationToken ct)
    {
        await using var stage = await ScaleStage.StartAsync("scale", slots: 1, ct);
        var empty = await MeasureAsync(stage, "no job", 0, report, ct);
        await AddAsync(stage, JobStage.Requested, jobs / 2, ct);
        var waiting = await MeasureAsync(stage, string.Create(CultureInfo.InvariantCulture, $"{jobs / 2:#,0} jobs that wait"), jobs / 2, report, ct);
        await AddAsync(stage, JobStage.Serving, jobs - (jobs / 2), ct);
        var all = await MeasureAsync(stage, string.Create(CultureInfo.InvariantCulture, $"and {jobs - (jobs / 2):#,0} that serve"), jobs, report, ct);
        report.Row("memory for one that waits; for one that serves", $"{Each(empty, waiting, jobs / 2):0} bytes; {Each(waiting, all, jobs - (jobs / 2)):0} bytes");
    }

    private static async Task AddAsync(ScaleStage stage, JobStage which, int count, CancellationToken ct)
    {
        var started = TimeProvider.System.GetTimestamp();
        await using (var seeder = await stage.SeederAsync()) await seeder.AddAsync(which, count, ct);
        await Console.Error.WriteLineAsync($"{count} jobs in stage {which} written in {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0} s");
    }

    private static async Task<long> MeasureAsync(ScaleStage stage, string what, int jobs, Report report, CancellationToken ct)
    {
        var started = TimeProvider.System.GetTimestamp();
        await stage.LaunchAsync(ct);
        var (seconds, queue) = await stage.UntilAllAwakeAsync(jobs, started, ct);
        await Task.Delay(Settling, TimeProvider.System, ct);
        var (resident, heap) = await stage.MemoryAsync(ct);
        report.Row(what, $"{queue.Depth:#,0} wait, {queue.Clones:#,0} clones, all awake after {seconds:0.0} s; memory of the Host at most {Machine.PeakMemory(stage.Host.Pid) / MiB:0} MB, {Settling.TotalSeconds:0} s later {resident / MiB:0} MB, of them managed heap {heap / MiB:0} MB");
        if (jobs == UsualJobs) report.Bound("memory of the Host", Machine.PeakMemory(stage.Host.Pid) / MiB, MostMemory, " MB");
        await stage.EndAsync("TERM", ct);
        return resident;
    }

    private static double Each(long before, long after, int jobs) => (double)(after - before) / jobs;
}
