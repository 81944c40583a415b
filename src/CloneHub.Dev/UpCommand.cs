using CloneHub.Dev.Demo;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;

namespace CloneHub.Dev;

/// <summary>Runs CloneHub until Ctrl-C.</summary>
internal static class UpCommand
{
    public const string Name = "up";

    /// <param name="nodes">1 for one Host as it is; else so many Hosts behind one front door.</param>
    public static async Task<int> RunAsync(string stateDirectory, int nodes, Screen screen, CancellationToken ct)
    {
        await using var installation = Installation.Open(stateDirectory, screen);
        Daemon.Announce(Name, installation.State);
        await installation.StartServersAsync(ServerKinds.None, ct);
        if (nodes == 1)
        {
            var host = await installation.StartHostAsync(ct);
            Tell(screen, $"CloneHub runs at {host.Address} and writes its log to {host.LogFile}.", host.Address);
            await host.WatchAsync(ct);
            return 0;
        }

        var cluster = await installation.StartNodesAsync(nodes, ct);
        foreach (var run in cluster.Runs)
            screen.Report($"A node runs at {run.Address} as process {run.Pid} and writes its log to {run.LogFile}.");
        Tell(screen, $"CloneHub runs at {cluster.Address} on {nodes} nodes.", cluster.Address);
        await cluster.WatchAsync(ct);
        return 0;
    }

    private static void Tell(Screen screen, string what, Uri address)
    {
        screen.Success($"{what} Try:");
        screen.Report(
            $$"""
              curl -H 'Content-Type: application/json' {{address}}api/v2/clone \
                -d '{"source_url":"https://example.com","source_username":"admin","source_password":"..."}'
            """);
        screen.Report("Ctrl-C stops it.");
    }
}
