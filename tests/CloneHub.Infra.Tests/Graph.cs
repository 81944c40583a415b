using System.Text.RegularExpressions;

namespace CloneHub.Infra.Tests;

/// <summary>Who depends on whom, from what `terraform graph` prints.</summary>
internal sealed partial class Graph
{
    private readonly ILookup<string, string> _edges;

    private Graph(ILookup<string, string> edges) => _edges = edges;

    public static Graph Parse(string dot) =>
        new(Edge().Matches(dot).ToLookup(match => match.Groups[1].Value, match => match.Groups[2].Value));

    /// <summary>Everything that it depends on, directly or not.</summary>
    public HashSet<string> From(string start)
    {
        var reached = new HashSet<string>();
        var next = new Stack<string>([start]);
        while (next.TryPop(out var node))
        {
            foreach (var target in _edges[node].Where(reached.Add)) next.Push(target);
        }

        return reached;
    }

    [GeneratedRegex("\"([^\"]+)\" -> \"([^\"]+)\"")]
    private static partial Regex Edge();
}
