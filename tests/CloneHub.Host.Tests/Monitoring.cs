using System.Text.Json;
using System.Text.RegularExpressions;
using CloneHub.Testing;
using YamlDotNet.Serialization;

namespace CloneHub.Host.Tests;

/// <summary>The files for Prometheus and Grafana, and the page that explains them.</summary>
internal static partial class Monitoring
{
    private const string Folder = "infra/k8s/base/monitoring";

    private static readonly HashSet<string> Words = ["and", "or", "unless", "bool", "offset"];

    /// <summary>One alert as it stands in the file: all its fields.</summary>
    public static IReadOnlyList<Dictionary<object, object>> Alerts { get; } =
        [.. Items(Map(Manifest("prometheus-rule.yaml")["spec"])["groups"]).SelectMany(group => Items(Map(group)["rules"])).Select(Map)];

    public static IReadOnlyList<JsonElement> Panels { get; } =
        [.. JsonDocument.Parse(Read("grafana-dashboard.json")).RootElement.GetProperty("panels").EnumerateArray()];

    /// <summary>Anchors of the runbook's headings, made as a reader of Markdown makes them.</summary>
    public static HashSet<string> Anchors { get; } =
        [.. Heading().Matches(File.ReadAllText(Approved.PathOf("docs/runbook.md")))
            .Select(match => NotInAnchor().Replace(match.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'))];

    public static Dictionary<object, object> Manifest(string file) => Map(new DeserializerBuilder().Build().Deserialize<object>(Read(file)));

    public static Dictionary<object, object> Map(object node) => Assert.IsType<Dictionary<object, object>>(node);

    public static IReadOnlyList<object> Items(object node) => Assert.IsType<List<object>>(node);

    public static IEnumerable<string> Expressions() =>
    [
        .. Alerts.Select(alert => (string)alert["expr"]),
        .. Panels.Where(panel => panel.TryGetProperty("targets", out _))
            .SelectMany(panel => panel.GetProperty("targets").EnumerateArray().Select(target => target.GetProperty("expr").GetString()!)),
    ];

    /// <summary>The names of the series that an expression asks for: no functions, labels, durations or words of the language.</summary>
    public static IReadOnlyList<string> Names(string expression) =>
        [.. Name().Matches(Function().Replace(NotAName().Replace(expression, " "), " ")).Select(match => match.Value).Where(name => !Words.Contains(name)).Distinct()];

    private static string Read(string file) => File.ReadAllText(Approved.PathOf($"{Folder}/{file}"));

    [GeneratedRegex("^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\p{L}\p{N} _-]")]
    private static partial Regex NotInAnchor();

    [GeneratedRegex(@"\{[^}]*\}|\[[^\]]*\]|\b(?:by|without|on|ignoring)\s*\([^)]*\)")]
    private static partial Regex NotAName();

    [GeneratedRegex(@"\w+\s*(?=\()")]
    private static partial Regex Function();

    [GeneratedRegex("[a-zA-Z_:][a-zA-Z0-9_:]*")]
    private static partial Regex Name();
}
