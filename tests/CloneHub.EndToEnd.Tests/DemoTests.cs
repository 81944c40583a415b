using System.Diagnostics;
using CloneHub.Dev;
using CloneHub.Dev.Processes;
using CloneHub.Testing;

namespace CloneHub.EndToEnd.Tests;

/// <summary>The demo as a newcomer runs it, from nothing to a removed clone.</summary>
[Trait("Needs", "servers")]
public sealed class DemoTests(ServersFixture servers) : IClassFixture<ServersFixture>
{
    [Fact]
    public async Task The_demo_clones_a_site_logs_in_and_removes_the_clone()
    {
        var state = Path.Combine(servers.NewFolder().FullName, "demo");
        var start = new ProcessStartInfo(Repository.Path("clonehub.sh"), ["demo", "--once", "--state", state]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var demo = Process.Start(start)!;
        ServersFixture.Leash.Hold(ProcessIdentity.Of(demo.Id)!, "TERM");
        var (output, errors) = (demo.StandardOutput.ReadToEndAsync(), demo.StandardError.ReadToEndAsync());
        await demo.WaitForExitAsync();

        Assert.True(demo.ExitCode == 0, $"{await output}\n{await errors}");
        Assert.Contains("log-in to wp-admin works", await output, StringComparison.Ordinal);
        Assert.Contains("The clone was removed", await output, StringComparison.Ordinal);
        Assert.DoesNotContain(CommandLines(), line => line.Contains(state, StringComparison.Ordinal));
    }

    private static IEnumerable<string> CommandLines() =>
        Directory.GetDirectories("/proc").Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0])).Select(folder => ReadCommandLine($"{folder}/cmdline"));

    private static string ReadCommandLine(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            // That process has ended since the folder was listed.
            return "";
        }
    }
}
