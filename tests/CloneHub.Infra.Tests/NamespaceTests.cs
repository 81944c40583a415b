using System.Text.Json.Nodes;

namespace CloneHub.Infra.Tests;

/// <summary>Goal 6: every namespace is closed, limited and watched over.</summary>
[Trait("Needs", "infra")]
public sealed class NamespaceTests
{
    [KubectlFact]
    public async Task Goal_6_every_namespace_enforces_Pod_Security()
    {
        var levels = (await Kubectl.BuildAsync("platform")).Where(m => m.Kind == "Namespace")
            .ToDictionary(m => m.Name, m => (string?)m["metadata/labels"]!["pod-security.kubernetes.io/enforce"]);

        Assert.Equal(new Dictionary<string, string?>
        {
            ["clonehub"] = "restricted",
            ["clonehub-clones"] = "restricted",
            ["clonehub-buffer"] = "restricted",
            ["clonehub-gateway"] = "baseline",
        }, levels);
    }

    [KubectlFact]
    public async Task Goal_6_every_namespace_is_closed_and_limited()
    {
        var all = await Kubectl.BuildAsync("platform");
        foreach (var name in all.Where(m => m.Kind == "Namespace").Select(m => m.Name))
        {
            var own = all.Where(m => m.Namespace == name).ToList();
            Assert.Single(own, m => m.Kind == "ResourceQuota");
            Assert.Single(own, m => m.Kind == "LimitRange");
            Assert.Single(own, m => m.Kind == "NetworkPolicy" && m.Name == "default-deny" && m["spec/podSelector"]!.AsObject().Count == 0
                && m["spec/policyTypes"]!.AsArray().Count == 2 && m["spec/ingress"] is null && m["spec/egress"] is null);
        }
    }

    [KubectlFact]
    public async Task Goal_6_clones_have_the_ceilings_that_were_promised()
    {
        var quota = (await Kubectl.BuildAsync("platform")).Single(m => m is { Kind: "ResourceQuota", Namespace: "clonehub-clones" })["spec/hard"]!;

        Assert.Equal(("100", "200Gi", "150", "0"),
            ((string)quota["requests.cpu"]!, (string)quota["requests.memory"]!, (string)quota["pods"]!, (string)quota["services.loadbalancers"]!));
    }

    [KubectlFact]
    public async Task Goal_6_clones_reach_neither_the_metadata_of_the_cloud_nor_its_network()
    {
        var policies = (await Kubectl.BuildAsync("platform")).Where(m => m is { Kind: "NetworkPolicy", Namespace: "clonehub-clones" });
        var blocks = policies.SelectMany(p => p["spec/egress"] as JsonArray ?? []).SelectMany(rule => rule!["to"] as JsonArray ?? [])
            .Select(peer => peer!["ipBlock"]).OfType<JsonObject>().ToList();

        Assert.NotEmpty(blocks);
        Assert.All(blocks, block => Assert.Superset((HashSet<string>)["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10"],
            block["except"]!.AsArray().Select(range => (string)range!).ToHashSet()));
    }
}
