using System.Globalization;
using CloneHub.Testing;

namespace CloneHub.Chaos;

/// <summary>Many nodes and no faults: they form a cluster, serve, and all workers but one end in order while customers ask. How long each takes is told.</summary>
internal static class CalmRun
{
    private const int Slots = 4;
    private const int FewestNodes = 5;
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <returns>True if nobody was answered wrongly and all but one worker's slots went with them.</returns>
    public static async Task<bool> RunAsync(int nodes, TextWriter output, CancellationToken ct)
    {
        var started = TimeProvider.System.GetTimestamp();
        await using var fleet = await LedgerFleet.StartAsync(Math.Max(nodes, FewestNodes), Slots, coreWorks: false, new Progress<string>(), ct);
        var workers = fleet.Fleet.Nodes.Skip(fleet.Fleet.Core.Count).ToList();
        await UntilAsync(fleet, workers.Count, ct);
        await TellAsync($"{fleet.Fleet.Nodes.Count} nodes have formed after {Seconds(started)} s; {workers.Count} workers offer {workers.Count * Slots} slots.");

        using var enough = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var visitors = new Visitors(fleet.Front);
        var visits = visitors.RunAsync(workers.Count * Slots, enough.Token);
        await Task.Delay(Length, TimeProvider.System, ct);
        await TellAsync($"{visitors.Served} clones serve after {Length.TotalSeconds:0} s.");

        var drained = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(workers.Skip(1).Select(worker => worker.EndAsync("TERM", ct)));
        await TellAsync($"{workers.Count - 1} workers have ended in order after {Seconds(drained)} s.");
        await UntilAsync(fleet, workers: 1, ct);
        await enough.CancelAsync();
        await visits;
        await TellAsync($"{visitors.Jobs.Count} jobs, of which {visitors.Served} serve; {visitors.Answers} answers, of which {visitors.Laters} said to come back later.");
        foreach (var wrong in visitors.Wrongs) await TellAsync($"FAILS  {wrong}");
        return visitors.Wrongs.Count == 0 && visitors.Served > 0;

        Task TellAsync(FormattableString text) => output.WriteLineAsync(text.ToString(CultureInfo.InvariantCulture));
    }

    private static Task UntilAsync(LedgerFleet fleet, int workers, CancellationToken ct) =>
        Eventually.Until($"{workers} workers offer their slots", async () => await fleet.QueueAsync("slots", ct) == workers * Slots, Patience);

    private static string Seconds(long since) => TimeProvider.System.GetElapsedTime(since).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
}
