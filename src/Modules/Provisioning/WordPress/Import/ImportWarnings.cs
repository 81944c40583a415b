using System.Collections.Concurrent;
using System.Globalization;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>What the caller should know though the import succeeded. Things of one kind are named in one line, a hundred at most.</summary>
internal sealed class ImportWarnings
{
    internal const int Named = 100;

    /// <summary>Names and messages come from the source, and warnings are kept in the job's log for ever.</summary>
    private const int LongestName = 200;
    private const int LongestWarning = 1_000;

    private readonly ConcurrentQueue<string> _single = new();
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, int>> _counted = new();

    internal void Add(string warning) => _single.Enqueue(Cut(warning, LongestWarning));

    /// <summary>One more of a kind. The same name again is counted: a column holds many values.</summary>
    internal void Count(string kind, string name) => Count(kind, name, 1);

    private void Count(string kind, string name, int times) =>
        _counted.GetOrAdd(kind, _ => new ConcurrentDictionary<string, int>(StringComparer.Ordinal)).AddOrUpdate(Cut(name, LongestName), times, (_, before) => before + times);

    /// <summary>What was counted so far, by kind and name.</summary>
    internal IReadOnlyDictionary<string, IReadOnlyDictionary<string, int>> Save() => _counted.ToDictionary(
        kind => kind.Key, IReadOnlyDictionary<string, int> (kind) => new SortedDictionary<string, int>(kind.Value, StringComparer.Ordinal), StringComparer.Ordinal);

    internal void Add(IReadOnlyDictionary<string, IReadOnlyDictionary<string, int>> saved)
    {
        foreach (var (kind, names) in saved)
            foreach (var (name, times) in names) Count(kind, name, times);
    }

    internal IReadOnlyList<string> ToList() =>
    [
        .. _single.Distinct().Take(Named),
        .. _counted.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}: {Describe(pair.Value)}"),
    ];

    private static string Cut(string text, int length) => text.Length <= length ? text : text[..(length - 1)] + "…";

    private static string Describe(ConcurrentDictionary<string, int> names)
    {
        var told = names.OrderBy(pair => pair.Key, StringComparer.Ordinal).Take(Named)
            .Select(pair => pair.Value == 1 ? pair.Key : string.Create(CultureInfo.InvariantCulture, $"{pair.Key} ({pair.Value:N0} times)"));
        return string.Join(", ", told) + (names.Count > Named ? string.Create(CultureInfo.InvariantCulture, $" and {names.Count - Named:N0} more") : "");
    }
}
