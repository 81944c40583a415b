using System.Collections.Concurrent;
using System.Globalization;

namespace CloneHub.Provisioning.WordPress.Verification;

/// <summary>What a visit has found out so far; checks that run side by side write into it.</summary>
internal sealed class Findings
{
    private const int DifferencesTold = 5;
    private const int DoubtsTold = 10;
    private const int Longest = 300;

    private readonly ConcurrentQueue<string> _differences = new();
    private readonly ConcurrentQueue<string> _doubts = new();

    /// <summary>The clone is not as its source.</summary>
    internal void Differ(string difference) => _differences.Enqueue(Short(difference));

    /// <summary>Whether the clone is as its source could not be seen.</summary>
    internal void Doubt(string what) => _doubts.Enqueue(Short(what));

    /// <summary>All of each kind, each once; a longer list ends with how many more there are.</summary>
    internal (IReadOnlyList<string> Differences, IReadOnlyList<string> Doubts) All(int most) => (Listed(_differences, most), Listed(_doubts, most));

    /// <summary>Null if there is no difference.</summary>
    internal string? Differences => _differences.IsEmpty ? null : Told(_differences, DifferencesTold);

    internal IReadOnlyList<string> Warnings => _doubts.IsEmpty ? [] : [$"Not compared with the source: {Told(_doubts, DoubtsTold)}."];

    /// <summary>Titles and addresses are of strangers, and what is found is kept for ever.</summary>
    private static string Short(string text) => text.Length <= Longest ? text : string.Concat(text.AsSpan(0, Longest), "…");

    private static string[] Listed(ConcurrentQueue<string> all, int most)
    {
        var distinct = all.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        return distinct.Length <= most ? distinct : [.. distinct.Take(most), string.Create(CultureInfo.InvariantCulture, $"{distinct.Length - most} more")];
    }

    private static string Told(ConcurrentQueue<string> all, int most)
    {
        var distinct = all.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        var rest = distinct.Length > most ? string.Create(CultureInfo.InvariantCulture, $" and {distinct.Length - most} more") : "";
        return string.Join("; ", distinct.Take(most)) + rest;
    }
}
