namespace CloneHub.Chaos;

/// <summary>
/// The nodes of an older version are exchanged for nodes of this one, one after the other as a deployment does it, and back again, while customers go on.
/// Afterwards the rules of every storm are looked at.
/// </summary>
internal static class RollingRun
{
    private static readonly TimeSpan BetweenNodes = TimeSpan.FromSeconds(5);

    /// <param name="options">Of which version the nodes are at first.</param>
    public static Task<Verdict> RunAsync(ChaosOptions options, IProgress<string> progress, CancellationToken ct) => ChaosRun.RunAsync(
        options with { RebuildsViews = false },
        async (fleet, storm, enough) =>
        {
            foreach (var program in (string[])[ChaosNode.ThisVersion, options.From!, ChaosNode.ThisVersion])
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
        },
        progress,
        ct);
}
