using System.Globalization;
using System.Text.Json;
using CloneHub.Dev.Servers;
using CloneHub.Dev.WordPress;

namespace CloneHub.Benchmarks;

/// <summary>How long one clone takes, alone on the machine: from sending the POST to reading "completed".</summary>
internal static class CloneBenchmark
{
    private const int Rounds = 5;

    /// <param name="isWarm">Every round begins when an instance of the pool is ready.</param>
    public static async Task RunAsync(Stage stage, Report report, bool isWarm, CancellationToken ct)
    {
        var what = isWarm ? "clone of S with a warm instance" : "clone of S";
        var seconds = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            if (isWarm) await stage.WaitForPoolAsync(ct);
            var started = TimeProvider.System.GetTimestamp();
            var job = await stage.RequestAsync(ct);
            await stage.WaitUntilServingAsync(job, ct);
            seconds.Add(TimeProvider.System.GetElapsedTime(started).TotalSeconds);
            await stage.RemoveAsync([job], ct);
            if (round == Rounds - 1) await TellStepsAsync(stage, job, report, ct);
        }

        report.Row($"{what}, first in the process", $"{seconds[0]:0.00} s");
        report.Row($"{what}, median of {Rounds}", $"{Statistics.Percentile(seconds, 50):0.00} s (all: {string.Join(", ", seconds.Select(s => s.ToString("0.00", CultureInfo.InvariantCulture)))})");
    }

    private static async Task TellStepsAsync(Stage stage, string job, Report report, CancellationToken ct)
    {
        var steps = (await stage.StepsAsync(job, ct)).Where(step => step.Step != "remove");
        report.Row("steps of the last one", $"{string.Join(", ", steps.Select(step => string.Create(CultureInfo.InvariantCulture, $"{step.Step} {step.Seconds:0.00} s")))}");
    }
}

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

/// <summary>
/// The same for a site of 10,000 files, 150 MB of them images, and 10 MB of database; and which step the time goes to.
/// </summary>
internal static class MediumBenchmark
{
    private const int Rounds = 3;

    public static async Task RunAsync(Stage stage, Report report, CancellationToken ct)
    {
        await using var source = await stage.StartSourceAsync(SiteContent.Medium, ct);
        await RoundsAsync(stage, source, "clone of M", media: null, report, ct);
        await RoundsAsync(stage, source, "clone of M, media on demand", "on_demand", report, ct);
    }

    private static async Task RoundsAsync(Stage stage, SourceSite source, string what, string? media, Report report, CancellationToken ct)
    {
        var rounds = new List<(double Seconds, double Whole, string Job)>();
        for (var round = 0; round < Rounds; round++)
        {
            var started = TimeProvider.System.GetTimestamp();
            var job = await stage.RequestAsync(source, ct, media);
            var status = await stage.WaitUntilServingAsync(job, ct);
            var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
            if (round == 0) report.Row(what, $"{Size(status.GetProperty("result").GetProperty("content"))}");
            if (media is not null && await stage.WaitForMediaAsync(job, ct) is var came && (round == 0 || came.GetProperty("state").GetString() != "complete"))
                report.Row("media that came later", $"{came}");
            rounds.Add((seconds, TimeProvider.System.GetElapsedTime(started).TotalSeconds, job));
            await stage.RemoveAsync([job], ct);
        }

        var median = rounds.OrderBy(round => round.Seconds).ElementAt(Rounds / 2);
        report.Row($"{what}, median of {Rounds}", $"{median.Seconds:0.00} s (all: {All(rounds.Select(round => round.Seconds))})");
        if (media is not null) report.Row("until all media are there and compared", $"{Statistics.Percentile([.. rounds.Select(round => round.Whole)], 50):0.00} s (all: {All(rounds.Select(round => round.Whole))})");
        var steps = (await stage.StepsAsync(median.Job, ct)).Where(step => step.Step != "remove");
        report.Row("its steps", $"{string.Join(", ", steps.Select(step => string.Create(CultureInfo.InvariantCulture, $"{step.Step} {step.Seconds:0.00} s")))}");

        static string All(IEnumerable<double> seconds) => string.Join(", ", seconds.Select(each => each.ToString("0.00", CultureInfo.InvariantCulture)));
    }

    private static string Size(JsonElement content) => string.Create(
        CultureInfo.InvariantCulture,
        $"{content.GetProperty("files").GetInt64():#,0} files, {content.GetProperty("bytes").GetInt64() / 1e6:0} MB; {content.GetProperty("tables").GetInt64()} tables, {content.GetProperty("rows").GetInt64():#,0} rows");
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
