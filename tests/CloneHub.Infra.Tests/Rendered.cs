using System.Text.Json.Nodes;

namespace CloneHub.Infra.Tests;

/// <summary>Every object that any overlay or any variant of Terraform puts into a cluster, rendered once.</summary>
internal static class Rendered
{
    public static readonly string[] Overlays = ["overlays/local", "overlays/staging", "overlays/prod"];

    /// <summary>Components that are rendered with the overlay "local", because they are for nothing else.</summary>
    private static readonly string[] OfOneMachine = ["one-machine", "postgresql", "without-volumes"];

    private static readonly Lazy<Task<IReadOnlyList<Manifest>>> OfOverlays = new(RenderOverlaysAsync);
    private static readonly Lazy<Task<IReadOnlyDictionary<string, Platform>>> OfTerraform = new(RenderPlatformsAsync);

    /// <summary>What kube_objects answers for one variant.</summary>
    public sealed record Platform(IReadOnlyList<Manifest> Objects, string Text, string Digest, int SlotsPerNode);

    public static Task<IReadOnlyList<Manifest>> OverlaysAsync() => OfOverlays.Value;

    /// <summary>By "compute strategy", such as "auto static", and "… scheduled".</summary>
    public static Task<IReadOnlyDictionary<string, Platform>> PlatformsAsync() => OfTerraform.Value;

    public static async Task<IReadOnlyList<Manifest>> EverythingAsync() =>
        [.. await OverlaysAsync(), .. (await PlatformsAsync()).Values.SelectMany(platform => platform.Objects)];

    public static JsonObject Variables(string compute, string strategy, bool scheduled) => new()
    {
        ["cluster"] = "clonehub-test",
        ["compute"] = compute,
        ["node_role"] = "clonehub-test-node",
        ["node_ami_version"] = compute == "auto" ? null : "v20260702",
        ["buffer"] = new JsonObject
        {
            ["strategy"] = strategy,
            ["nodes"] = 2,
            ["slots"] = 20,
            ["instance_types"] = new JsonArray("t4g.medium", "c7g.large", "t4g.large"),
            ["capacity_types"] = new JsonArray("spot", "on-demand"),
            ["schedule"] = scheduled ? new JsonObject { ["timezone"] = "Etc/UTC", ["start"] = "0 7 * * 1-5", ["end"] = "0 19 * * 1-5" } : null,
        },
        ["general"] = new JsonObject { ["cpu"] = 100, ["memory_gi"] = 400, ["architectures"] = new JsonArray("arm64", "amd64") },
        ["clone_size"] = new JsonObject { ["cpu_m"] = 100, ["memory_mi"] = 192 },
        ["image_prefix"] = "registry.test/clonehub/",
        ["clone_image"] = $"registry.test/clonehub/wordpress@sha256:{new string('0', 64)}",
        ["tags"] = new JsonObject { ["Project"] = "clonehub" },
    };

    private static async Task<IReadOnlyList<Manifest>> RenderOverlaysAsync()
    {
        using var copy = Terraform.Copy();
        var all = new List<Manifest>();
        foreach (var overlay in Overlays) all.AddRange(await Kubectl.BuildAsync(overlay));
        foreach (var component in Directory.GetDirectories(Path.Combine(Repository.Infra, "k8s/components")).Select(Path.GetFileName).Where(c => c != "values" && !OfOneMachine.Contains(c)))
        {
            var folder = Directory.CreateDirectory(Path.Combine(copy.Infra, "k8s/overlays", $"with-{component}")).FullName;
            File.Copy(Path.Combine(copy.Infra, "k8s/overlays/prod/values.yaml"), Path.Combine(folder, "values.yaml"));
            await File.WriteAllTextAsync(Path.Combine(folder, "kustomization.yaml"),
                $"resources: [../../base, values.yaml]\ncomponents: [../../components/{component}, ../../components/values]\n");
            all.AddRange(await Kubectl.BuildAsync($"overlays/with-{component}", copy.Infra));
        }

        return all;
    }

    private static async Task<IReadOnlyDictionary<string, Platform>> RenderPlatformsAsync()
    {
        using var terraform = Terraform.Copy();
        var all = new Dictionary<string, Platform>();
        foreach (var (compute, strategy, scheduled) in ((string, string, bool)[])
            [("karpenter", "placeholder", false), ("karpenter", "placeholder", true), ("karpenter", "static", false), ("auto", "placeholder", true), ("auto", "static", false)])
        {
            var name = $"{compute} {strategy}{(scheduled ? " scheduled" : "")}";
            var outputs = await terraform.ApplyAsync("modules/kube_objects", Variables(compute, strategy, scheduled));
            var text = (string)outputs["manifest"]!["value"]!;
            all[name] = new Platform(Manifest.Parse(text, name), text, (string)outputs["digest"]!["value"]!, (int)outputs["slots_per_node"]!["value"]!);
        }

        return all;
    }
}
