using System.Text.RegularExpressions;

namespace CloneHub.Infra.Tests;

/// <summary>The overlay of one machine: all of CloneHub by one command, on a server as old as Kubernetes 1.20. That it comes up is a test in CloneHub.Kube.Tests.</summary>
[Trait("Needs", "infra")]
public sealed partial class LocalOverlayTests
{
    private const string Overlay = "overlays/local";

    /// <summary>What a server of 1.20 without any operator knows.</summary>
    private static readonly string[] Known = ["v1", "apps/v1", "networking.k8s.io/v1", "rbac.authorization.k8s.io/v1", "scheduling.k8s.io/v1"];

    [KubectlFact]
    public async Task It_holds_no_kind_that_needs_a_newer_server_or_an_operator()
    {
        var all = await Kubectl.BuildAsync(Overlay);

        Assert.True(all.Count > 25, $"Only {all.Count} objects were examined.");
        Assert.Empty(all.Where(m => !Known.Contains(m.ApiVersion)).Select(m => m.ToString()));
        Assert.DoesNotContain(all.SelectMany(m => m.Containers), container => container["lifecycle"] is not null);
    }

    [KubectlFact]
    public async Task Its_members_find_each_other_by_Services_of_their_own()
    {
        var all = await Kubectl.BuildAsync(Overlay);
        var seeds = all.Single(m => m is { Kind: "ConfigMap", Name: "clonehub-settings" }).Object["data"]!.AsObject()
            .Where(s => s.Key.StartsWith("CloneHub__Cluster__SeedNodes__", StringComparison.Ordinal)).Select(s => (string)s.Value!);
        var services = all.Where(m => m.Kind == "Service" && (bool?)m["spec/publishNotReadyAddresses"] == true && m["spec/selector"]!["statefulset.kubernetes.io/pod-name"] is not null);

        Assert.Equal(services.Select(m => $"akka.tcp://clonehub@{m.Name}.{m.Namespace}.svc.cluster.local:4053"), seeds);
        Assert.Equal((3, 2), ((int)all.Single(m => m is { Kind: "StatefulSet", Name: "core" })["spec/replicas"]!, (int)all.Single(m => m is { Kind: "Deployment", Name: "worker" })["spec/replicas"]!));
    }

    /// <summary>A variable is put in only if it stands before the one that refers to it; otherwise the text itself is what the program gets.</summary>
    [ChainFact]
    public async Task A_variable_that_refers_to_another_comes_after_it()
    {
        var containers = (await Rendered.EverythingAsync()).SelectMany(m => m.Containers).Select(c => c["env"]?.AsArray()).OfType<System.Text.Json.Nodes.JsonArray>().ToList();
        var late = new List<string>();
        foreach (var variables in containers)
        {
            var known = new HashSet<string>();
            foreach (var variable in variables)
            {
                late.AddRange(Reference().Matches((string?)variable!["value"] ?? "").Select(m => m.Groups[1].Value).Where(name => !known.Contains(name)));
                known.Add((string)variable["name"]!);
            }
        }

        Assert.Contains(containers, variables => variables.Any(v => Reference().IsMatch((string?)v!["value"] ?? "")));
        Assert.Empty(late);
    }

    [KubectlFact]
    public async Task The_other_values_name_the_stores_of_their_publishers_by_digest()
    {
        using var script = new Script();
        var overlay = Path.Combine(script.Infra, "k8s", Overlay, "kustomization.yaml");
        await File.WriteAllTextAsync(overlay, (await File.ReadAllTextAsync(overlay)).Replace("base, values.yaml]", "base, values-public.yaml]", StringComparison.Ordinal));
        var made = Images(await Kubectl.BuildAsync(Overlay));
        var published = Images(await Kubectl.BuildAsync(Overlay, script.Infra));

        Assert.All(made.Values, image => Assert.StartsWith("localhost/clonehub/", image, StringComparison.Ordinal));
        Assert.All(["redis", "clone-db", "postgresql"], store => Assert.Matches("^public.*@sha256:[0-9a-f]{64}$", published[store]));
        Assert.Equal(made["core"], published["core"]);
    }

    [KubectlFact]
    public async Task A_cluster_with_volumes_keeps_its_stores_by_taking_out_one_line()
    {
        using var script = new Script();
        var overlay = Path.Combine(script.Infra, "k8s", Overlay, "kustomization.yaml");
        await File.WriteAllTextAsync(overlay, (await File.ReadAllTextAsync(overlay)).Replace("  - ../../components/without-volumes\n", "", StringComparison.Ordinal));
        var kept = (await Kubectl.BuildAsync(Overlay, script.Infra)).Where(m => m.Kind == "StatefulSet" && m["spec/volumeClaimTemplates"] is not null).ToList();
        var lost = (await Kubectl.BuildAsync(Overlay)).Where(m => m.Kind == "StatefulSet" && m["spec/volumeClaimTemplates"] is not null);

        Assert.Equal(["clone-db", "postgresql", "redis"], kept.Select(m => m.Name).Order(StringComparer.Ordinal));
        Assert.All(kept, m => Assert.Null(m["spec/volumeClaimTemplates"]![0]!["spec"]!["storageClassName"]));
        Assert.Empty(lost);
    }

    private static Dictionary<string, string> Images(IReadOnlyList<Manifest> all) =>
        all.Where(m => m.Pod is not null).ToDictionary(m => m.Name, m => (string)m.Containers.First()["image"]!);

    [GeneratedRegex(@"\$\((\w+)\)")]
    private static partial Regex Reference();
}
