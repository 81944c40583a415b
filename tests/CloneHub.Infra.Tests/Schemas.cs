using System.Text.Json.Nodes;
using YamlDotNet.RepresentationModel;

namespace CloneHub.Infra.Tests;

/// <summary>
/// The schemas of Kubernetes' own kinds and of the custom resources used here, from the folder that CLONEHUB_SCHEMAS names, or from
/// <c>shared/crds</c> beside the checkout.
/// </summary>
internal sealed class Schemas
{
    private static readonly Lazy<Schemas> Loaded = new(() => new Schemas(Folder ?? throw new InvalidOperationException(Missing)));

    private readonly Dictionary<string, JsonObject> _kinds = [];

    private Schemas(string folder)
    {
        var builtIn = JsonNode.Parse(File.ReadAllText(Directory.GetFiles(folder, "_definitions.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Last()))!;
        Definitions = builtIn["definitions"]!.AsObject();
        foreach (var definition in Definitions.Select(d => d.Value!.AsObject()))
        {
            foreach (var gvk in definition["x-kubernetes-group-version-kind"] as JsonArray ?? [])
                _kinds.TryAdd(Key($"{gvk!["group"]}/{gvk["version"]}".TrimStart('/'), (string)gvk["kind"]!), definition);
        }

        foreach (var file in Directory.GetFiles(folder, "*.yaml", SearchOption.AllDirectories)) AddCustom(file);
    }

    public static string? Folder { get; } = FindFolder();

    public static string? Missing { get; } = Folder is null ? "The folder of schemas is not there: name it in CLONEHUB_SCHEMAS, or put it at ../shared/crds." : null;

    public static Schemas All => Loaded.Value;

    public JsonObject Definitions { get; }

    public JsonObject? Of(string apiVersion, string kind) => _kinds.GetValueOrDefault(Key(apiVersion, kind));

    private void AddCustom(string file)
    {
        var stream = new YamlStream();
        using (var reader = File.OpenText(file)) stream.Load(reader);
        foreach (var definition in stream.Documents.Select(d => Manifest.Json(d.RootNode)).Where(d => (string?)d?["kind"] == "CustomResourceDefinition"))
        {
            var spec = definition!["spec"]!;
            foreach (var version in spec["versions"]!.AsArray().Where(v => (bool)v!["served"]!))
                _kinds[Key($"{spec["group"]}/{version!["name"]}", (string)spec["names"]!["kind"]!)] = version["schema"]!["openAPIV3Schema"]!.AsObject();
        }
    }

    private static string Key(string apiVersion, string kind) => $"{apiVersion} {kind}";

    private static string? FindFolder()
    {
        if (Environment.GetEnvironmentVariable("CLONEHUB_SCHEMAS") is { Length: > 0 } named) return Directory.Exists(named) ? named : null;
        for (var folder = Directory.GetParent(Repository.Root); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, "shared/crds");
            if (Directory.Exists(candidate)) return candidate;
        }

        return null;
    }
}
