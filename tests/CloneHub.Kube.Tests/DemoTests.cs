using System.Diagnostics;
using CloneHub.Dev;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;
using CloneHub.Kube.Tests.Cluster;
using CloneHub.Testing;

namespace CloneHub.Kube.Tests;

/// <summary>The demo in a cluster as a newcomer runs it: it brings up a node of its own beside that of the tests, and takes it away again.</summary>
[Collection(KubeCluster.Collection)]
[Trait("Needs", "kube")]
public sealed class DemoTests(KubeCluster cluster)
{
    [NodeFact]
    public async Task The_demo_clones_a_site_into_a_cluster_logs_in_and_takes_everything_away()
    {
        var state = Path.Combine(cluster.Servers.NewFolder().FullName, "demo");
        var start = new ProcessStartInfo(Repository.Path("clonehub.sh"), ["demo", "--kube", "--once", "--state", state]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var demo = Process.Start(start)!;
        ServersFixture.Leash.Hold(ProcessIdentity.Of(demo.Id)!, "TERM");
        var (output, errors) = (demo.StandardOutput.ReadToEndAsync(), demo.StandardError.ReadToEndAsync());
        await demo.WaitForExitAsync();

        Assert.True(demo.ExitCode == 0, $"{await output}\n{await errors}");
        Assert.Contains("a Kubernetes cluster of one node", await output, StringComparison.Ordinal);
        Assert.Contains("log-in to wp-admin works", await output, StringComparison.Ordinal);
        Assert.Contains("The clone was removed", await output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(StateDirectory.NodeFolder(new DirectoryInfo(state)).FullName));
    }
}
