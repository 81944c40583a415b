using System.Globalization;

namespace CloneHub.Benchmarks.Engine;

/// <summary>One contender measured once: started on empty stores, warmed, alone, then under load, and ended.</summary>
internal static class Round
{
    public static readonly int[] Clients = [1, 16, 64];
    public const int Readers = 16;
    private const int Writers = 4;
    private const int WarmJobs = 100;
    private const int LoneJobs = 15;
    private const int ManyJobs = 200;
    private const int TracedJobs = 10;
    private static readonly TimeSpan WarmTime = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan LoadTime = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Calm = TimeSpan.FromMilliseconds(500);

    public static async Task<Dictionary<string, double>> MeasureAsync(EngineStage stage, Contender contender, bool countsFsyncs, CancellationToken ct)
    {
        var figures = new Dictionary<string, double>();
        await stage.ResetAsync(ct);
        var started = TimeProvider.System.GetTimestamp();
        var address = await contender.StartAsync(stage, ct);
        var caller = new Caller(stage.Client, contender, address);
        string? job = null;
        await stage.UntilAsync(async () => (job = await caller.PostAsync(ct)) is not null, ct);
        figures[Figure.Start] = TimeProvider.System.GetElapsedTime(started).TotalSeconds;

        // A runtime that compiles while it runs has done most of that by then.
        var warm = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(warm) < WarmTime) await caller.ThroughAsync(WarmJobs, Readers, ct);
        await WorkAsync(stage, caller, countsFsyncs, figures, ct);
        await LoadAsync(stage, caller, address, job!, figures, ct);
        await stage.EndAsync("KILL", ct);
        return figures;
    }

    private static async Task WorkAsync(EngineStage stage, Caller caller, bool countsFsyncs, Dictionary<string, double> figures, CancellationToken ct)
    {
        var lone = new List<double>();
        for (var i = 0; i < LoneJobs; i++) lone.Add(await caller.LoneAsync(ct));
        figures[Figure.Lone] = Statistics.Percentile(lone, 50);

        await Task.Delay(Calm, TimeProvider.System, ct);
        var before = ProcessTree.ProcessorSeconds(stage.Processes);
        figures[Figure.Through] = ManyJobs / await caller.ThroughAsync(ManyJobs, Readers, ct);

        // What is written behind the answer is work of the job too.
        await Task.Delay(Calm, TimeProvider.System, ct);
        figures[Figure.Processor] = 1000 * (ProcessTree.ProcessorSeconds(stage.Processes) - before) / ManyJobs;
        if (!countsFsyncs) return;
        var fsyncs = await Fsyncs.CountAsync(
            stage,
            async () =>
            {
                for (var i = 0; i < TracedJobs; i++) await caller.LoneAsync(ct);
                await Task.Delay(Calm, TimeProvider.System, ct);
            },
            ct);
        if (fsyncs is { } count) figures[Figure.Fsyncs] = (double)count / TracedJobs;
    }

    private static async Task LoadAsync(EngineStage stage, Caller caller, Uri address, string job, Dictionary<string, double> figures, CancellationToken ct)
    {
        var reads = await Wrk.GetAsync(caller.StatusOf(job), Readers, LoadTime, stage.Folder, ct);
        (figures[Figure.Reads], figures[Figure.ReadsP99]) = (reads.PerSecond, reads.P99);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var lag = LagAsync(stage, address, enough.Token);
        foreach (var clients in Clients)
        {
            var load = await Wrk.PostAsync(caller.Posts, Contender.Body, clients, LoadTime, stage.Folder, ct);
            figures[Figure.Of(Figure.Accepted, clients)] = load.PerSecond;
            figures[Figure.Of(Figure.P50, clients)] = load.P50;
            figures[Figure.Of(Figure.P99, clients)] = load.P99;
            figures[Figure.Of(Figure.Refused, clients)] = load.Failed;
        }

        var writes = Wrk.PostAsync(caller.Posts, Contender.Body, Writers, LoadTime, stage.Folder, ct);
        figures[Figure.ReadsWhileWriting] = (await Wrk.GetAsync(caller.StatusOf(job), Readers, LoadTime, stage.Folder, ct)).PerSecond;
        figures[Figure.AcceptedWhileReading] = (await writes).PerSecond;
        await enough.CancelAsync();
        if (await lag is { } most) figures[Figure.ArchiveLag] = most;
    }

    /// <returns>How far CloneHub's event log was behind at most; null of anybody else.</returns>
    private static async Task<double?> LagAsync(EngineStage stage, Uri address, CancellationToken enough)
    {
        double? most = null;
        try
        {
            while (true)
            {
                using var answer = await stage.Client.GetAsync(new Uri(address, "metrics"), enough);
                if (!answer.IsSuccessStatusCode) return null;
                var line = (await answer.Content.ReadAsStringAsync(enough)).Split('\n').FirstOrDefault(l => l.StartsWith("clonehub_archive_lag_seconds", StringComparison.Ordinal));
                if (line is null) return most;
                most = Math.Max(most ?? 0, double.Parse(line[(line.LastIndexOf('}') + 1)..].Trim().Split(' ')[^1], CultureInfo.InvariantCulture));
                await Task.Delay(Calm, TimeProvider.System, enough);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException)
        {
            // It is enough, or it had no time to answer: what was seen is what can be told.
            return most;
        }
    }
}
