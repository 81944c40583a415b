using CloneHub.Dev.Demo;
using CloneHub.Dev.Servers;

namespace CloneHub.Dev;

/// <summary>Runs CloneHub until Ctrl-C.</summary>
internal static class UpCommand
{
    public static async Task<int> RunAsync(string stateDirectory, Screen screen, CancellationToken ct)
    {
        await using var installation = Installation.Open(stateDirectory, screen);
        await installation.StartServersAsync(ServerKinds.None, ct);
        var host = await installation.StartHostAsync(ct);
        screen.Success($"CloneHub runs at {host.Address} and writes its log to {host.LogFile}. Try:");
        screen.Report(
            $$"""
              curl -H 'Content-Type: application/json' {{host.Address}}api/v2/clone \
                -d '{"source_url":"https://example.com","source_username":"admin","source_password":"..."}'
            """);
        screen.Report("Ctrl-C stops it.");
        await host.WatchAsync(ct);
        return 0;
    }
}
