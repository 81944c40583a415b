using System.Collections.Concurrent;
using CloneHub.Dev.Servers;

namespace CloneHub.Chaos;

/// <summary>Carries out the weather, and knows afterwards when something was away.</summary>
internal sealed class Storm(Fleet fleet, PrivateServers servers, IProgress<string> progress)
{
    private static readonly TimeSpan Around = TimeSpan.FromSeconds(1);
    private readonly ConcurrentQueue<(DateTimeOffset From, DateTimeOffset To, bool OfRedis)> _outages = [];

    /// <summary>True if nothing was away from so long before <paramref name="from"/> until <paramref name="to"/>, real time.</summary>
    public bool WasCalm(DateTimeOffset from, DateTimeOffset to) => !_outages.Any(outage => outage.From < to && outage.To > from);

    /// <summary>True if Redis may not have answered at this moment, real time.</summary>
    public bool WasRedisAway(DateTimeOffset at) => _outages.Any(outage => outage.OfRedis && outage.From - Around < at && outage.To + Around > at);

    public async Task RunAsync(IReadOnlyList<Gust> gusts, CancellationToken ct)
    {
        var started = TimeProvider.System.GetTimestamp();
        foreach (var gust in gusts)
        {
            var wait = gust.At - TimeProvider.System.GetElapsedTime(started);
            if (wait > TimeSpan.Zero) await Task.Delay(wait, TimeProvider.System, ct);
            progress.Report(gust.ToString());
            var from = TimeProvider.System.GetUtcNow();
            await StrikeAsync(gust, ct);
            await fleet.AwaitReadyAsync(ct);
            _outages.Enqueue((from, TimeProvider.System.GetUtcNow(), gust.Blow is Blow.KillRedis or Blow.FreezeRedis or Blow.KillAll));
        }
    }

    /// <summary>Has a node end in order and start again.</summary>
    public async Task RestartAsync(NodeProcess node, CancellationToken ct)
    {
        var from = TimeProvider.System.GetUtcNow();
        await EndAsync(node, "TERM", TimeSpan.Zero, ct);
        await fleet.AwaitReadyAsync(ct);
        _outages.Enqueue((from, TimeProvider.System.GetUtcNow(), OfRedis: false));
    }

    private Task StrikeAsync(Gust gust, CancellationToken ct) => gust.Blow switch
    {
        Blow.KillNode => EndAsync(fleet.Nodes[gust.Node], "KILL", gust.Lasts, ct),
        Blow.StopNode => EndAsync(fleet.Nodes[gust.Node], "TERM", gust.Lasts, ct),
        Blow.FreezeNode => FreezeAsync(fleet.Nodes[gust.Node].SignalAsync, gust.Lasts, ct),
        Blow.KillRedis => servers.RestartAsync(ServerKinds.Redis, "KILL", ct),
        Blow.FreezeRedis => FreezeAsync(servers.Server(ServerKinds.Redis).Process!.SignalAsync, gust.Lasts, ct),
        Blow.KillPostgreSql => servers.RestartAsync(ServerKinds.PostgreSql, "KILL", ct),
        Blow.KillMariaDb => servers.RestartAsync(ServerKinds.MariaDb, "KILL", ct),
        Blow.FreezePostgreSql => FreezeAsync(servers.Server(ServerKinds.PostgreSql).Process!.SignalAsync, gust.Lasts, ct),
        Blow.KillAll => KillAllAsync(gust.Lasts, ct),
        Blow.CutNode => CutAsync(Others(gust.Node).SelectMany(other => new[] { (gust.Node, other), (other, gust.Node) }), gust.Lasts, ct),
        Blow.CutPair => CutAsync([(gust.Node, Next(gust.Node)), (Next(gust.Node), gust.Node)], gust.Lasts, ct),
        Blow.MuteNode => CutAsync(Others(gust.Node).Select(other => (gust.Node, other)), gust.Lasts, ct),
        _ => throw new ArgumentOutOfRangeException(nameof(gust), gust, null),
    };

    private static async Task EndAsync(NodeProcess node, string signal, TimeSpan lasts, CancellationToken ct)
    {
        await node.EndAsync(signal, ct);
        await Task.Delay(lasts, TimeProvider.System, ct);
        await node.StartAsync(ct);
    }

    private static async Task FreezeAsync(Func<string, CancellationToken, Task> signal, TimeSpan lasts, CancellationToken ct)
    {
        await signal("STOP", ct);
        try
        {
            await Task.Delay(lasts, TimeProvider.System, ct);
        }
        finally
        {
            await signal("CONT", CancellationToken.None);
        }
    }

    private IEnumerable<int> Others(int node) => Enumerable.Range(0, fleet.Nodes.Count).Where(other => other != node);

    private int Next(int node) => (node + 1) % fleet.Nodes.Count;

    private async Task CutAsync(IEnumerable<(int From, int To)> lines, TimeSpan lasts, CancellationToken ct)
    {
        foreach (var (from, to) in lines) fleet.Network.Cut(from, to);
        try
        {
            await Task.Delay(lasts, TimeProvider.System, ct);
        }
        finally
        {
            fleet.Network.HealAll();
        }
    }

    private async Task KillAllAsync(TimeSpan lasts, CancellationToken ct)
    {
        await Task.WhenAll(
        [
            .. fleet.Nodes.Select(node => EndAsync(node, "KILL", lasts, ct)),
            servers.RestartAsync(ServerKinds.Redis, "KILL", ct),
            servers.RestartAsync(ServerKinds.PostgreSql, "KILL", ct),
        ]);
    }
}
