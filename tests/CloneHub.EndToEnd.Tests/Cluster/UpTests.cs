using System.Diagnostics;
using CloneHub.Dev;
using CloneHub.Dev.Processes;
using CloneHub.Testing;

namespace CloneHub.EndToEnd.Tests.Cluster;

/// <summary><c>./clonehub.sh up</c> in one terminal, <c>down</c> in another.</summary>
[Trait("Needs", "servers")]
public sealed class UpTests(ServersFixture servers) : IClassFixture<ServersFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Down_ends_what_up_runs_and_nothing_of_it_starts_again()
    {
        var state = Path.Combine(servers.NewFolder().FullName, "up");
        using var up = Start("up", "--nodes", "3", "--state", state);
        var said = new List<string>();
        using var late = new CancellationTokenSource(Patience);
        while (await up.StandardOutput.ReadLineAsync(late.Token) is { } line)
        {
            said.Add(line);
            if (line.Contains("Ctrl-C stops it", StringComparison.Ordinal)) break;
        }

        Assert.Contains(said, line => line.Contains("on 3 nodes", StringComparison.Ordinal));
        using var down = Start("down", "--state", state);
        var told = await down.StandardOutput.ReadToEndAsync();
        await Task.WhenAll(up.WaitForExitAsync(), down.WaitForExitAsync()).WaitAsync(Patience);

        Assert.Contains("Stopped: CloneHub", told, StringComparison.Ordinal);
        Assert.Equal((0, 0), (up.ExitCode, down.ExitCode));
    }

    private static Process Start(params string[] arguments)
    {
        var process = Process.Start(new ProcessStartInfo(Repository.Path("clonehub.sh"), arguments) { RedirectStandardOutput = true })!;
        ServersFixture.Leash.Hold(ProcessIdentity.Of(process.Id)!, "TERM");
        return process;
    }
}
