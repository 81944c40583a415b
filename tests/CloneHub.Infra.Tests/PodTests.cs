using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CloneHub.Infra.Tests;

/// <summary>Goal 5: every pod is as closed as it can be.</summary>
[Trait("Needs", "infra")]
public sealed partial class PodTests
{
    /// <summary>Those that ask the API server.</summary>
    private static readonly string[] WithToken = ["StatefulSet core", "Deployment worker", "CronJob overdue-report"];

    [ChainFact]
    public async Task Goal_5_every_pod_is_restricted()
    {
        var pods = await PodsAsync();

        Assert.True(pods.Count > 20, $"Only {pods.Count} pods were examined.");
        Assert.Empty(pods.SelectMany(Faults));
    }

    [ChainFact]
    public async Task Goal_5_a_token_is_mounted_only_where_it_is_needed()
    {
        var pods = await PodsAsync();

        Assert.All(pods, m => Assert.NotNull(m.Pod!["automountServiceAccountToken"]));
        Assert.Equal(WithToken.Order(StringComparer.Ordinal), pods.Where(m => (bool)m.Pod!["automountServiceAccountToken"]!).Select(m => $"{m.Kind} {m.Name}").Distinct().Order(StringComparer.Ordinal));
    }

    [ChainFact]
    public async Task Goal_5_every_image_is_named_by_digest()
    {
        var images = (await PodsAsync()).Where(m => m.From != "overlays/local").SelectMany(m => m.Containers.Select(c => (string)c["image"]!)).Distinct().ToList();

        Assert.Contains(images, image => image.Contains("/host@", StringComparison.Ordinal));
        Assert.All(images, image => Assert.Matches(Digest(), image));
    }

    [ChainFact]
    public async Task A_pod_that_is_open_is_found()
    {
        var worker = (await PodsAsync()).First(m => m is { Kind: "Deployment", Name: "worker" });
        var open = new Manifest(worker.Object.DeepClone().AsObject(), "open");
        open.Pod!["hostNetwork"] = true;
        open.Pod["securityContext"]!.AsObject().Remove("runAsNonRoot");
        open.Containers.First()["securityContext"]!["privileged"] = true;
        open.Containers.First()["resources"]!.AsObject().Remove("limits");

        Assert.Equal(4, Faults(open).Count());
    }

    [ChainFact]
    public async Task A_worker_drains_longer_than_a_step_and_core_keeps_its_majority()
    {
        var prod = (await Rendered.OverlaysAsync()).Where(m => m.From == "overlays/prod").ToList();
        var core = prod.Single(m => m is { Kind: "StatefulSet", Name: "core" });
        var budgets = prod.Where(m => m.Kind == "PodDisruptionBudget").ToDictionary(m => m.Name, m => (int)m["spec/maxUnavailable"]!);

        Assert.Equal(600, (int)prod.Single(m => m is { Kind: "Deployment", Name: "worker" }).Pod!["terminationGracePeriodSeconds"]!);
        Assert.Equal(3, (int)core["spec/replicas"]!);
        Assert.Equal(new Dictionary<string, int> { ["core"] = 1, ["worker"] = 1 }, budgets);
        Assert.Equal(2, core.Pod!["topologySpreadConstraints"]!.AsArray().Count);
    }

    [ChainFact]
    public async Task Seed_nodes_are_the_members_of_core()
    {
        var prod = (await Rendered.OverlaysAsync()).Where(m => m.From == "overlays/prod").ToList();
        var settings = prod.Single(m => m is { Kind: "ConfigMap", Name: "clonehub-settings" }).Object["data"]!.AsObject();
        var core = prod.Single(m => m is { Kind: "StatefulSet", Name: "core" });
        var port = core.Containers.SelectMany(c => c["ports"] as JsonArray ?? []).Single(p => (string)p!["name"]! == "akka")!["containerPort"];
        var seeds = settings.Where(s => s.Key.StartsWith("CloneHub__Cluster__SeedNodes__", StringComparison.Ordinal)).Select(s => (string)s.Value!);

        Assert.Equal(Enumerable.Range(0, (int)core["spec/replicas"]!).Select(i => $"akka.tcp://clonehub@core-{i}.{core["spec/serviceName"]}.clonehub.svc.cluster.local:{port}"), seeds);
    }

    /// <summary>The other form of the product, which an overlay gets by one line under "components" and loses by taking it out.</summary>
    [ChainFact]
    public async Task A_single_node_needs_no_seeds_no_workers_and_no_scaler()
    {
        var one = (await Rendered.OverlaysAsync()).Where(m => m.From == "overlays/with-single-node").ToList();
        var core = one.Single(m => m is { Kind: "StatefulSet", Name: "core" });
        var roles = core.Containers.First()["env"]!.AsArray().Where(v => ((string)v!["name"]!).StartsWith("CloneHub__Cluster__Roles__", StringComparison.Ordinal)).Select(v => (string)v!["value"]!);

        Assert.Equal(1, (int)core["spec/replicas"]!);
        Assert.Equal(["core", "worker"], roles.Order(StringComparer.Ordinal));
        Assert.DoesNotContain(one, m => m is { Kind: "ScaledObject" or "PodDisruptionBudget" } or { Kind: "Deployment", Name: "worker" });
        Assert.DoesNotContain(one.Single(m => m.Name == "clonehub-settings").Object["data"]!.AsObject(), s => s.Key.Contains("SeedNodes", StringComparison.Ordinal));
        Assert.DoesNotContain("single-node", Repository.Read("infra/k8s/overlays/staging/kustomization.yaml") + Repository.Read("infra/k8s/overlays/prod/kustomization.yaml"), StringComparison.Ordinal);
    }

    /// <summary>Settings that the Host does not know would be ignored in silence.</summary>
    [ChainFact]
    public async Task Every_setting_of_the_manifests_is_in_the_table_of_settings()
    {
        var readme = Repository.Read("README.md");
        var manifests = (await Rendered.OverlaysAsync()).ToList();
        var names = manifests.Where(m => m.Name == "clonehub-settings").SelectMany(m => m.Object["data"]!.AsObject().Select(entry => entry.Key))
            .Concat(manifests.SelectMany(m => m.Containers).SelectMany(c => (c["env"] as JsonArray ?? []).Select(v => (string)v!["name"]!)))
            .Where(name => name.StartsWith("CloneHub__", StringComparison.Ordinal) || name == "Urls").Distinct().ToList();

        Assert.True(names.Count > 15, $"Only {names.Count} settings were found.");
        Assert.All(names.Where(name => !ComesWithTheKubernetesBackEnd(name)),
            name => Assert.Contains($"| `{Index().Replace(name, "N").Replace("__", ":", StringComparison.Ordinal)}` |", readme, StringComparison.Ordinal));
    }

    /// <summary>The table has them once the back end is there.</summary>
    private static bool ComesWithTheKubernetesBackEnd(string name) =>
        !Directory.Exists(Repository.PathOf("src/Modules/Provisioning/Kubernetes")) && (name == "CloneHub__Backend" || name.StartsWith("CloneHub__Kubernetes__", StringComparison.Ordinal));

    private static async Task<IReadOnlyList<Manifest>> PodsAsync() => [.. (await Rendered.EverythingAsync()).Where(m => m.Pod is not null)];

    private static IEnumerable<string> Faults(Manifest manifest)
    {
        var pod = manifest.Pod!;
        var security = pod["securityContext"];
        if ((bool?)security?["runAsNonRoot"] != true || security["runAsUser"] is null || (long)security["runAsUser"]! == 0) yield return $"{manifest} may run as root";
        if ((string?)security?["seccompProfile"]?["type"] != "RuntimeDefault") yield return $"{manifest} has no seccomp profile";
        if (pod["hostNetwork"] is not null || pod["hostPID"] is not null || pod["hostIPC"] is not null) yield return $"{manifest} shares namespaces of its node";
        if ((pod["volumes"] as JsonArray ?? []).Any(v => v!["hostPath"] is not null)) yield return $"{manifest} mounts its node's files";
        if ((bool?)pod["enableServiceLinks"] != false) yield return $"{manifest} is told of every service";
        foreach (var container in manifest.Containers)
        {
            var (name, own) = ($"{manifest} {container["name"]}", container["securityContext"]);
            if ((bool?)own?["allowPrivilegeEscalation"] != false || own["privileged"] is not null) yield return $"{name} may gain privileges";
            if ((bool?)own?["readOnlyRootFilesystem"] != true) yield return $"{name} may write to its image";
            if ((string?)own?["capabilities"]?["drop"]?[0] != "ALL" || own["capabilities"]!["add"] is not null) yield return $"{name} has capabilities";
            var resources = container["resources"];
            if (resources?["requests"]?["cpu"] is null || resources["requests"]!["memory"] is null || resources["limits"]?["memory"] is null) yield return $"{name} has no requests or no limit of memory";
        }
    }

    [GeneratedRegex("@sha256:[0-9a-f]{64}$")]
    private static partial Regex Digest();

    [GeneratedRegex(@"(?<=__)\d+(?=__|$)")]
    private static partial Regex Index();
}
