using System.Globalization;
using CloneHub.Testing;

namespace CloneHub.Chaos;

/// <summary>
/// How long jobs stand still when a node is lost: three nodes of the usual patience, each core and worker, of which one after the other is killed, frozen or cut off while
/// jobs are built. Told is the longest silence of every job that lived there or had its step done there.
/// </summary>
internal static class HandoverRun
{
    private const int Nodes = 3;

    /// <summary>More than all jobs need: no job waits for a slot.</summary>
    private const int Slots = 24;
    private const int AtOnce = 24;

    /// <summary>In seconds; a step that nothing disturbs takes half of it at most.</summary>
    private const double LongestStep = 5;
    private const string WorkerLost = "WORKER_LOST";
    private static readonly TimeSpan UsualPatience = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(25);

    /// <summary>Longer than any promise: what does not go on by then would be found by the limit.</summary>
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private enum Loss
    {
        Killed,
        Frozen,
        CutOff,
    }

    /// <returns>True if 99 of 100 jobs went on within 25 seconds and none has failed.</returns>
    public static async Task<bool> RunAsync(int rounds, TextWriter output, CancellationToken ct)
    {
        await using var fleet = await LedgerFleet.StartAsync(Nodes, Slots, coreWorks: true, new Progress<string>(), ct, UsualPatience, withLines: true);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(ct);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var supervised = fleet.Fleet.SuperviseAsync(end.Token);
        var visitors = new Visitors(fleet.Front);
        var visits = visitors.RunAsync(AtOnce, enough.Token);
        var silences = new List<(Loss Loss, double Seconds)>();
        for (var round = 0; round < rounds; round++)
        {
            var (node, loss) = (round % Nodes, (Loss)(round / Nodes % Enum.GetValues<Loss>().Length));
            await Eventually.Until("jobs are built", async () => await fleet.QueueAsync("building", ct) >= AtOnce / 2, Patience);
            var found = await LoseAsync(fleet, node, loss, ct);
            silences.AddRange(found.Select(seconds => (loss, seconds)));
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"node {node + 1} {loss}: {string.Join(", ", found.Select(seconds => seconds.ToString("0.0", CultureInfo.InvariantCulture)))} s"));
        }

        await enough.CancelAsync();
        await visits;
        await end.CancelAsync();
        await supervised;
        return await JudgeAsync(silences, rounds, visitors, output);
    }

    /// <returns>How long each job that was lost with the node was silent, in seconds.</returns>
    private static async Task<IReadOnlyList<double>> LoseAsync(LedgerFleet fleet, int at, Loss loss, CancellationToken ct)
    {
        var node = fleet.Fleet.Nodes[at];
        var lost = TimeProvider.System.GetUtcNow();
        switch (loss)
        {
            case Loss.Killed: await node.EndAsync("KILL", ct); break;
            case Loss.Frozen: await node.SignalAsync("STOP", ct); break;
            default: fleet.Fleet.CutOff(at); break;
        }

        await Task.Delay(Watched, TimeProvider.System, ct);
        var until = TimeProvider.System.GetUtcNow();
        if (loss is Loss.Killed) await node.StartAsync(ct);
        if (loss is Loss.Frozen) await node.SignalAsync("CONT", ct);
        fleet.Fleet.Network.HealAll();

        // One that was frozen or cut off ends by itself and is started again.
        await Eventually.Until("all nodes work again", async () => await fleet.QueueAsync("workers", ct) == Nodes, Patience);
        await fleet.Fleet.AwaitReadyAsync(ct);
        var history = await History.ReadAsync(fleet.Servers.PostgreSqlConnectionString);
        return [.. from events in history.Values
                   where WasBuilt(events, lost)
                   let silence = Silence(events, lost, until)
                   where IsLost(events, lost, address => fleet.Fleet.IsAt(at, address)) || silence > LongestStep
                   select silence];
    }

    private static bool WasBuilt(IReadOnlyList<StoredEvent> events, DateTimeOffset at) =>
        events.LastOrDefault(e => e.At <= at) is { Name: not "clone_requested.v1" } last && IsBuilt(last) && !events.Any(e => e.At <= at && e.Name == "ingress_ready.v1");

    /// <summary>Its step was done on the node. Where a job itself lived stands in no event; one that stood still because of that is known by its silence.</summary>
    private static bool IsLost(IReadOnlyList<StoredEvent> events, DateTimeOffset at, Func<string, bool> isThere) =>
        (events.LastOrDefault(e => e.At <= at && e.Name == "step_started.v1") is { } order && isThere(order.Body.GetProperty("node").GetString()!))
        || events.FirstOrDefault(e => e.At > at)?.Body.GetRawText().Contains(WorkerLost, StringComparison.Ordinal) == true;

    private static bool IsBuilt(StoredEvent last) => last.Name is not ("ingress_ready.v1" or "crawled.v1" or "job_failed.v1" or "expired.v1" or "removed.v1" or "cancel_requested.v1" or "cancelled.v1");

    /// <summary>The longest time without an event until the job is built; that a worker was lost is no going on.</summary>
    private static double Silence(IReadOnlyList<StoredEvent> events, DateTimeOffset lost, DateTimeOffset until)
    {
        var (longest, since) = (TimeSpan.Zero, lost);
        foreach (var e in events.Where(e => e.At > lost && e.Name != "step_failed.v1"))
        {
            if (e.At - since > longest) longest = e.At - since;
            since = e.At;
            if (!IsBuilt(e)) return longest.TotalSeconds;
        }

        return (until - since > longest ? until - since : longest).TotalSeconds;
    }

    private static async Task<bool> JudgeAsync(IReadOnlyList<(Loss Loss, double Seconds)> silences, int rounds, Visitors visitors, TextWriter output)
    {
        foreach (var loss in silences.GroupBy(silence => silence.Loss)) await output.WriteLineAsync($"{loss.Key}: {Told([.. loss.Select(silence => silence.Seconds)])}");
        var all = silences.Select(silence => silence.Seconds).ToList();
        await output.WriteLineAsync($"All: {Told(all)}");
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{visitors.Jobs.Count} jobs, of which {visitors.Served} serve."));
        var wrongs = visitors.Wrongs.Where(wrong => wrong.Contains("has failed", StringComparison.Ordinal)).ToList();
        foreach (var wrong in wrongs) await output.WriteLineAsync($"FAILS  {wrong}");
        if (all.Count < rounds) await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"FAILS  only {all.Count} jobs were lost in {rounds} rounds, which says nothing"));
        var holds = all.Count >= rounds && Percentile(all, 0.99) <= Limit.TotalSeconds && wrongs.Count == 0;
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{(holds ? "holds" : "FAILS")}  99 of 100 jobs of a lost node go on within {Limit.TotalSeconds:0} s"));
        return holds;
    }

    private static string Told(List<double> seconds) => seconds.Count == 0 ? "no job was lost" : string.Create(
        CultureInfo.InvariantCulture, $"{seconds.Count} jobs stood still for {Percentile(seconds, 0.5):0.0} s p50, {Percentile(seconds, 0.95):0.0} p95, {Percentile(seconds, 0.99):0.0} p99, {seconds.Max():0.0} at most");

    private static double Percentile(List<double> values, double share) => values.Order().ElementAt((int)Math.Ceiling(share * values.Count) - 1);
}
