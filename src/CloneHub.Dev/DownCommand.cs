using CloneHub.Dev.Demo;
using CloneHub.Dev.Host;
using CloneHub.Dev.Servers;
using CloneHub.Dev.WordPress;

namespace CloneHub.Dev;

/// <summary>Stops what an earlier run left running, for example after kill -9. Data stay.</summary>
internal static class DownCommand
{
    public static async Task<int> RunAsync(string stateDirectory, Screen screen, CancellationToken ct)
    {
        var state = new DirectoryInfo(StateDirectory.Locate(stateDirectory));
        if (!state.Exists)
            return Nothing(screen);
        var stopped = new List<string>();
        if (await HostRun.StopAnywayAsync(state, ct))
            stopped.Add("CloneHub");
        if (await LocalClones.StopAllAsync(state, ct) > 0)
            stopped.Add("the web servers of clones");
        await SourceSite.StopAllAsync(state, ct);
        stopped.AddRange(await PrivateServers.StopAnywayAsync(new PrivateServersOptions { StateDirectory = state.FullName }, screen, ct));
        if (stopped.Count == 0)
            return Nothing(screen);
        screen.Success($"Stopped: {string.Join(", ", stopped)}. Data are kept in {state.FullName}.");
        return 0;
    }

    private static int Nothing(Screen screen)
    {
        screen.Report("Nothing was running.");
        return 0;
    }
}
