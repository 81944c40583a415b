using System.Text.Json.Nodes;

namespace CloneHub.Infra.Tests;

/// <summary>Goal 3: twenty warm slots really fit two nodes, whichever type the pool may choose, and really are spread over two.</summary>
[Trait("Needs", "infra")]
public sealed class BufferTests
{
    private const int DaemonCpu = 150;
    private const int DaemonMemory = 150;
    private const int DaemonPods = 4;

    private static JsonNode Instances => JsonNode.Parse(Repository.Read("infra/prices.json"))!["instances"]!;

    [TerraformFact]
    public async Task Goal_3_slots_fit_every_type_that_the_buffer_may_choose()
    {
        foreach (var (name, platform) in await Rendered.PlatformsAsync())
        {
            var pool = platform.Objects.Single(m => m.Kind == "NodePool" && m.Name.StartsWith("clonehub-buffer", StringComparison.Ordinal));
            var types = pool["spec/template/spec/requirements"]!.AsArray().Single(r => (string)r!["key"]! == "node.kubernetes.io/instance-type")!["values"]!.AsArray();

            Assert.True(types.Count > 1, name);
            Assert.All(types, type => Assert.True(2 * Fits(Instances[(string)type!]!, 100, 192) >= 20, $"{name}: two {type} do not hold 20 clones."));
        }
    }

    [TerraformFact]
    public async Task Goal_3_the_arithmetic_of_Terraform_is_that_of_this_test() =>
        Assert.All((await Rendered.PlatformsAsync()).Values, platform => Assert.Equal(13, platform.SlotsPerNode));

    /// <summary>Two t2.small with a database in every pod were said to hold twenty clones; they hold two.</summary>
    [Theory]
    [InlineData("t2.small", 350, 762, 1)]
    [InlineData("t2.small", 100, 192, 6)]
    [InlineData("t4g.medium", 100, 192, 13)]
    [InlineData("t4g.large", 100, 192, 17)]
    public void Goal_3_density_is_known(string type, int cpu, int memory, int clones) => Assert.Equal(clones, Fits(Instances[type]!, cpu, memory));

    [TerraformFact]
    public async Task Goal_3_placeholders_are_spread_over_exactly_the_nodes_that_are_paid_for()
    {
        var placeholder = (await Rendered.PlatformsAsync())["karpenter placeholder"].Objects.Single(m => m.Kind == "Deployment");
        var spread = placeholder.Pod!["topologySpreadConstraints"]!.AsArray().Single()!;

        Assert.Equal(20, (int)placeholder["spec/replicas"]!);
        Assert.Equal(("kubernetes.io/hostname", 1, 2, "DoNotSchedule"),
            ((string)spread["topologyKey"]!, (int)spread["maxSkew"]!, (int)spread["minDomains"]!, (string)spread["whenUnsatisfiable"]!));
        Assert.Equal("buffer", (string?)placeholder.Pod["nodeSelector"]!["clonehub.io/pool"]);
        Assert.Equal(0, (int)placeholder.Pod["terminationGracePeriodSeconds"]!);
    }

    [TerraformFact]
    public async Task Goal_3_a_placeholder_is_as_large_as_a_clone_and_gives_way_to_it()
    {
        var objects = (await Rendered.PlatformsAsync())["karpenter placeholder"].Objects;
        var requests = objects.Single(m => m.Kind == "Deployment").Containers.Single()["resources"]!["requests"]!;
        var priorities = objects.Where(m => m.Kind == "PriorityClass").ToDictionary(m => m.Name, m => (int)m.Object["value"]!);

        Assert.Equal(("100m", "192Mi"), ((string)requests["cpu"]!, (string)requests["memory"]!));
        Assert.True(priorities["clonehub-placeholder"] < 0 && priorities["clonehub-placeholder"] < priorities["clonehub-clone"]);
        Assert.True(priorities["clonehub-clone"] < priorities["clonehub-control"]);
    }

    [TerraformFact]
    public async Task Goal_3_a_static_pool_may_replace_a_node_before_it_goes()
    {
        foreach (var name in (string[])["karpenter static", "auto static"])
        {
            var pool = (await Rendered.PlatformsAsync())[name].Objects.Single(m => m.Name == "clonehub-buffer-static");
            Assert.True(int.Parse((string)pool["spec/limits/nodes"]!) > (int)pool["spec/replicas"]!);

            // Rules of the CRD that only its server evaluates: a static pool has no weight and no other limit.
            Assert.Null(pool["spec/weight"]);
            Assert.Equal(["nodes"], pool["spec/limits"]!.AsObject().Select(limit => limit.Key));
        }
    }

    [TerraformFact]
    public async Task Goal_3_nothing_but_clones_and_placeholders_stands_on_warm_nodes()
    {
        var objects = (await Rendered.PlatformsAsync())["karpenter placeholder"].Objects;
        var taints = objects.Single(m => m.Name == "clonehub-buffer" && m.Kind == "NodePool")["spec/template/spec/taints"]!.AsArray();

        Assert.Equal("clonehub.io/pool=buffer:NoSchedule", $"{taints.Single()!["key"]}={taints.Single()!["value"]}:{taints.Single()!["effect"]}");
        Assert.All((await Rendered.OverlaysAsync()).Where(m => m.Pod is not null), m => Assert.Null(m.Pod!["tolerations"]));
    }

    /// <summary>What Kubernetes leaves of a node of AL2023, less what daemons take.</summary>
    private static int Fits(JsonNode type, int cpu, int memory)
    {
        var (vcpus, mib, pods) = ((int)type["vcpus"]!, (int)type["memory_mib"]!, (int)type["max_pods"]!);
        var freeCpu = (vcpus == 1 ? 940 : (1000 * vcpus) - 70) - DaemonCpu;
        var freeMemory = (int)(mib * 0.925) - (255 + (11 * pods)) - 100 - DaemonMemory;
        return new[] { freeCpu / cpu, freeMemory / memory, pods - DaemonPods }.Min();
    }
}
