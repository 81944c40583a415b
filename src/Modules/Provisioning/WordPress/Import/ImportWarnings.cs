using System.Collections.Concurrent;
using System.Globalization;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>What the caller should know though the import succeeded. Things that come in thousands are counted, with a few examples.</summary>
internal sealed class ImportWarnings
{
    private const int Examples = 3;

    private readonly ConcurrentQueue<string> _single = new();
    private readonly ConcurrentDictionary<string, ConcurrentQueue<string>> _counted = new();

    internal void Add(string warning) => _single.Enqueue(warning);

    internal void Count(string kind, string example) => _counted.GetOrAdd(kind, _ => new ConcurrentQueue<string>()).Enqueue(example);

    internal IReadOnlyList<string> ToList() =>
    [
        .. _single.Distinct(),
        .. _counted.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => Describe(pair.Key, [.. pair.Value.Order(StringComparer.Ordinal)])),
    ];

    private static string Describe(string kind, string[] examples) =>
        string.Create(CultureInfo.InvariantCulture, $"{kind}: {string.Join(", ", examples.Take(Examples))}")
        + (examples.Length > Examples ? string.Create(CultureInfo.InvariantCulture, $" and {examples.Length - Examples:N0} more") : "");
}
