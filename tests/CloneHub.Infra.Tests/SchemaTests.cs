using System.Text.Json.Nodes;

namespace CloneHub.Infra.Tests;

/// <summary>Goal 2: no unknown field and no wrong type in anything that is rendered, for every overlay, compute mode and buffer strategy.</summary>
[Trait("Needs", "infra")]
public sealed class SchemaTests
{
    /// <summary>Its schema is not public; infra/README.md says that it is unverified.</summary>
    private const string AutoModeNodeClass = "eks.amazonaws.com/v1";

    [SchemaFact]
    public async Task Goal_2_everything_that_is_rendered_fits_its_schema()
    {
        var all = await Rendered.EverythingAsync();
        var check = new StrictCheck(Schemas.All);

        Assert.True(all.Count > 250, $"Only {all.Count} objects were examined.");
        Assert.Superset((HashSet<string>)["NodePool", "EC2NodeClass", "ScaledObject", "PrometheusRule", "PodMonitor", "HTTPRoute", "Gateway", "StatefulSet",
            "ValidatingAdmissionPolicy", "NetworkPolicy"], all.Select(m => m.Kind).ToHashSet());
        Assert.Empty(all.Where(m => m.ApiVersion != AutoModeNodeClass).SelectMany(check.Faults));
    }

    /// <summary>Also HTTPRoutes, whose published definition an old cluster refuses.</summary>
    [SchemaFact]
    public void Goal_2_what_the_back_end_makes_for_a_clone_fits_its_schema()
    {
        var all = Directory.GetFiles(Repository.PathOf("tests/CloneHub.Provisioning.Tests/Kubernetes/manifests"))
            .SelectMany(file => Manifest.Parse(File.ReadAllText(file), Path.GetFileName(file))).ToList();
        var check = new StrictCheck(Schemas.All);

        Assert.Superset((HashSet<string>)["ConfigMap", "Secret", "Deployment", "Service", "Ingress", "HTTPRoute"], all.Select(m => m.Kind).ToHashSet());
        Assert.Empty(all.SelectMany(check.Faults));
    }

    [SchemaFact]
    public async Task Goal_2_the_platform_by_hand_is_the_platform_of_Terraform()
    {
        var byHand = (await Kubectl.BuildAsync("platform")).Select(m => $"{m.Kind} {m.Namespace}/{m.Name}").Order(StringComparer.Ordinal);
        var byTerraform = (await Rendered.PlatformsAsync())["karpenter static"].Objects
            .Where(m => m.Kind is not ("NodePool" or "EC2NodeClass" or "StorageClass")).Select(m => $"{m.Kind} {m.Namespace}/{m.Name}").Order(StringComparer.Ordinal);

        Assert.Equal(byHand, byTerraform);
    }

    [SchemaFact]
    public async Task Goal_2_no_object_has_two_owners()
    {
        var platform = (await Rendered.PlatformsAsync())["karpenter placeholder"].Objects.Select(m => $"{m.Kind} {m.Namespace}/{m.Name}").ToHashSet();

        // The overlay of one machine brings what it needs of the platform.
        Assert.DoesNotContain((await Rendered.OverlaysAsync()).Where(m => m.From != "overlays/local").Select(m => $"{m.Kind} {m.Namespace}/{m.Name}"), platform.Contains);
    }

    [SchemaFact]
    public async Task Goal_2_what_a_pod_refers_to_exists()
    {
        var overlay = (await Rendered.OverlaysAsync()).Where(m => m.From == "overlays/prod").ToList();
        var there = overlay.Concat((await Rendered.PlatformsAsync())["karpenter placeholder"].Objects).Select(m => $"{m.Kind} {m.Name}").ToHashSet();
        string[] madeByHand = ["Secret clonehub-secrets", "Secret clonehub-api-keys"];
        var needed = overlay.Where(m => m.Pod is not null).SelectMany(References).ToList();

        Assert.Contains("ConfigMap clonehub-settings", needed);
        Assert.Empty(needed.Except(there).Except(madeByHand));
    }

    [SchemaTheory]
    [InlineData("spec/replicas", "\"two\"", "not")]
    [InlineData("spec/replica", "2", "is not known")]
    [InlineData("spec/template/spec/containers/0/securityContext/runAsNonroot", "true", "is not known")]
    public async Task A_bad_field_is_found(string path, string value, string fault)
    {
        var deployment = (await Rendered.OverlaysAsync()).First(m => m is { Kind: "Deployment", Name: "worker" });
        var spoiled = new Manifest(deployment.Object.DeepClone().AsObject(), "spoiled");
        var names = path.Split('/');
        var place = names[..^1].Aggregate((JsonNode)spoiled.Object, (node, name) => int.TryParse(name, out var i) ? node[i]! : node[name]!);
        place[names[^1]] = JsonNode.Parse(value);

        Assert.Contains(new StrictCheck(Schemas.All).Faults(spoiled), f => f.Contains(fault, StringComparison.Ordinal));
    }

    [SchemaFact]
    public async Task A_bad_custom_resource_is_found()
    {
        var pool = (await Rendered.PlatformsAsync())["karpenter static"].Objects.First(m => m.Kind == "NodePool");
        var spoiled = new Manifest(pool.Object.DeepClone().AsObject(), "spoiled");
        spoiled.Object["spec"]!["disruption"]!["consolidationPolicy"] = "Sometimes";
        spoiled.Object["spec"]!["template"]!["spec"]!.AsObject().Remove("nodeClassRef");

        Assert.Equal(2, new StrictCheck(Schemas.All).Faults(spoiled).Count);
    }

    private static IEnumerable<string> References(Manifest manifest)
    {
        foreach (var volume in manifest.Pod!["volumes"] as JsonArray ?? [])
        {
            if (volume!["configMap"] is { } map) yield return $"ConfigMap {map["name"]}";
            if (volume["secret"] is { } secret) yield return $"Secret {secret["secretName"]}";
        }

        foreach (var container in manifest.Containers)
        {
            foreach (var source in container["envFrom"] as JsonArray ?? [])
                yield return source!["configMapRef"] is { } map ? $"ConfigMap {map["name"]}" : $"Secret {source["secretRef"]!["name"]}";
            foreach (var variable in container["env"] as JsonArray ?? [])
            {
                if (variable!["valueFrom"]?["secretKeyRef"] is { } key) yield return $"Secret {key["name"]}";
            }
        }

        if (manifest.Pod["serviceAccountName"] is { } account) yield return $"ServiceAccount {account}";
        if (manifest.Pod["priorityClassName"] is { } priority) yield return $"PriorityClass {priority}";
    }
}
