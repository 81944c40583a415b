using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace CloneHub.Infra.Tests;

/// <summary>One Kubernetes object, and where it comes from.</summary>
internal sealed partial record Manifest(JsonObject Object, string From)
{
    private static readonly string[] ContainerKinds = ["containers", "initContainers"];

    public string ApiVersion => (string)Object["apiVersion"]!;

    public string Kind => (string)Object["kind"]!;

    public string Name => (string)Object["metadata"]!["name"]!;

    public string Namespace => (string?)Object["metadata"]!["namespace"] ?? "";

    public JsonNode? this[string path] => path.Split('/').Aggregate((JsonNode?)Object, (node, name) => node is JsonObject map ? map[name] : null);

    /// <summary>Its template of a pod, if it makes pods.</summary>
    public JsonObject? Pod => Kind switch
    {
        "Deployment" or "StatefulSet" or "DaemonSet" or "Job" => (JsonObject?)this["spec/template/spec"],
        "CronJob" => (JsonObject?)this["spec/jobTemplate/spec/template/spec"],
        "Pod" => (JsonObject?)this["spec"],
        _ => null,
    };

    public IEnumerable<JsonObject> Containers => Pod is null
        ? []
        : ContainerKinds.SelectMany(kind => (Pod[kind] as JsonArray ?? []).Select(c => (JsonObject)c!));

    public override string ToString() => $"{From}: {Kind} {Namespace}/{Name}";

    public static IReadOnlyList<Manifest> Parse(string yaml, string from)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return [.. stream.Documents.Select(document => Json(document.RootNode)).OfType<JsonObject>().Select(o => new Manifest(o, from))];
    }

    public static JsonNode? Json(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(entry => KeyValuePair.Create(((YamlScalarNode)entry.Key).Value!, Json(entry.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Select(Json)]),
        YamlScalarNode { Style: ScalarStyle.Plain } scalar => Plain(scalar.Value ?? ""),
        YamlScalarNode scalar => JsonValue.Create(scalar.Value),
        _ => throw new InvalidOperationException($"{node} is no YAML that is used here."),
    };

    /// <summary>As Kubernetes reads it: YAML 1.1's words for truth among plain scalars are what one quotes for.</summary>
    private static JsonValue? Plain(string text) => text switch
    {
        "" or "null" or "~" or "Null" => null,
        "true" or "True" => JsonValue.Create(true),
        "false" or "False" => JsonValue.Create(false),
        "yes" or "no" or "on" or "off" or "y" or "n" => throw new InvalidOperationException($"'{text}' is a boolean to some and a string to others: quote it."),
        _ when Octal().IsMatch(text) => Number(Convert.ToInt64(text, 8).ToString(CultureInfo.InvariantCulture)),
        _ when Decimal().IsMatch(text) => Number(text.TrimStart('+')),
        _ => JsonValue.Create(text),
    };

    /// <summary>As JSON has numbers: whole where it is asked for a whole one.</summary>
    private static JsonValue Number(string text) => JsonNode.Parse(text)!.AsValue();

    [GeneratedRegex("^0[0-7]+$")]
    private static partial Regex Octal();

    [GeneratedRegex(@"^[-+]?(0|[1-9]\d*)(\.\d+)?$")]
    private static partial Regex Decimal();
}
