using System.Globalization;
using CloneHub.Dev;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;

namespace CloneHub.Chaos;

/// <summary>
/// The nodes of an older version are exchanged for nodes of this one, one after the other as a deployment does it, and back again, while customers go on.
/// Afterwards the rules of every storm are looked at.
/// </summary>
internal static class RollingRun
{
    private const int Nodes = 3;
    private static readonly TimeSpan BetweenNodes = TimeSpan.FromSeconds(5);

    /// <param name="older">CloneHub.Chaos.dll of the older version.</param>
    public static async Task<Verdict> RunAsync(ChaosOptions options, string older, IProgress<string> progress, CancellationToken ct)
    {
        using var leash = new Leash();
        var folder = Repository.Path("artifacts", "chaos", string.Create(CultureInfo.InvariantCulture, $"rolling-{options.Seed}-{Environment.ProcessId}"));
        var world = await ChaosRun.StartAsync(Path.Combine(folder, "world"), ServerKinds.Redis, leash, progress, ct);
        var servers = await ChaosRun.StartAsync(Path.Combine(folder, "servers"), ServerKinds.Redis | ServerKinds.PostgreSql, leash, progress, ct);
        var ledger = Ledger.Open(world.RedisConnectionString);
        var begin = TimeProvider.System.GetUtcNow();
        await using var fleet = await Fleet.StartAsync(Nodes, servers, ChaosRun.Settings(world, options, begin), leash, ct, older);
        var storm = new Storm(fleet, servers, progress);
        var customers = new Customers(fleet.Core, options.Seed);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(ct);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var supervised = fleet.SuperviseAsync(end.Token);
        var served = customers.RunAsync(options.JobsAtOnce, enough.Token);
        foreach (var program in (string[])[NodeProcess.ThisProgram, older, NodeProcess.ThisProgram])
        {
            foreach (var (at, node) in fleet.Nodes.Index())
            {
                await Task.Delay(BetweenNodes, TimeProvider.System, ct);
                progress.Report($"Node {at + 1} becomes {program}.");
                node.Program = program;
                await storm.RestartAsync(node, ct);
            }
        }

        await enough.CancelAsync();
        await served;
        await ChaosRun.UntilOverAsync(servers, customers, ct);
        var verdict = new Verdict(options) { Jobs = customers.Jobs.Count };
        await ChaosRun.JudgeAsync(verdict, options, servers, ledger, customers, storm, begin);
        await end.CancelAsync();
        await supervised;
        return verdict;
    }
}
