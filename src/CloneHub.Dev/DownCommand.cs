using CloneHub.Dev.Demo;
using CloneHub.Dev.Host;
using CloneHub.Dev.Kube;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;
using CloneHub.Dev.WordPress;

namespace CloneHub.Dev;

/// <summary>Ends what runs, and what an earlier run left running, for example after kill -9. Data stay.</summary>
internal static class DownCommand
{
    private static readonly TimeSpan PatienceWithUp = TimeSpan.FromMinutes(1);

    public static async Task<int> RunAsync(IEnumerable<string> stateDirectories, Screen screen, CancellationToken ct)
    {
        var anything = false;
        foreach (var state in stateDirectories.Select(path => new DirectoryInfo(StateDirectory.Locate(path))).Where(state => state.Exists))
            anything |= await StopAsync(state, screen, ct);
        if (!anything)
            screen.Report("Nothing was running.");
        return 0;
    }

    private static async Task<bool> StopAsync(DirectoryInfo state, Screen screen, CancellationToken ct)
    {
        var stopped = new List<string>();

        // One that still runs would start again what is ended.
        var up = Daemon.Find(UpCommand.Name, state);
        if (up is not null)
            await up.Process.EndAsync("TERM", PatienceWithUp, ct);
        if (await HostRun.StopAnywayAsync(state, ct) || up is not null)
            stopped.Add("CloneHub");
        if (await LocalClones.StopAllAsync(state, ct) > 0)
            stopped.Add("the web servers of clones");
        if (await SingleNode.DownAnywayAsync(StateDirectory.NodeFolder(state), ct))
            stopped.Add("the cluster of one node");
        await SourceSite.StopAllAsync(state, ct);
        stopped.AddRange(await PrivateServers.StopAnywayAsync(new PrivateServersOptions { StateDirectory = state.FullName }, screen, ct));
        if (stopped.Count > 0)
            screen.Success($"Stopped: {string.Join(", ", stopped)}. Data are kept in {state.FullName}.");
        return stopped.Count > 0;
    }
}
