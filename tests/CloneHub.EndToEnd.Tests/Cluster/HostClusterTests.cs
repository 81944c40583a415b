using CloneHub.Dev.Host;

namespace CloneHub.EndToEnd.Tests.Cluster;

/// <summary>What <c>./clonehub.sh up --nodes N</c> tells its nodes.</summary>
public sealed class HostClusterTests
{
    private static readonly Dictionary<string, string> Single = new() { ["Urls"] = "http://127.0.0.1:5080", ["CloneHub__Slots"] = "4" };

    [Fact]
    public void Each_node_has_its_own_address_and_all_have_the_same_seeds()
    {
        var nodes = Enumerable.Range(1, 4).Select(n => HostCluster.For(Single, new HostCluster.Place(n, 20_000 + n, 21_000 + n), [21_001, 21_002, 21_003])).ToList();

        Assert.Equal(["http://127.0.0.1:20001", "http://127.0.0.1:20002", "http://127.0.0.1:20003", "http://127.0.0.1:20004"], nodes.Select(node => node["Urls"]));
        Assert.Equal(["21001", "21002", "21003", "21004"], nodes.Select(node => node["CloneHub__Cluster__Port"]));
        Assert.All(nodes, node => Assert.Equal("akka.tcp://clonehub@127.0.0.1:21003", node["CloneHub__Cluster__SeedNodes__2"]));
        Assert.All(nodes, node => Assert.Equal("4", node["CloneHub__Slots"]));
    }

    [Fact]
    public void The_first_three_do_everything_and_the_others_only_steps()
    {
        var nodes = Enumerable.Range(1, 5).Select(n => HostCluster.For(Single, new HostCluster.Place(n, 20_000, 21_000), [])).ToList();

        Assert.Equal([null, null, null, "worker", "worker"], nodes.Select(node => node.GetValueOrDefault("CloneHub__Cluster__Roles__0")));
    }
}
