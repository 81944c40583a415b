using System.Globalization;
using Akka.Cluster;

namespace CloneHub.Jobs.Nodes;

/// <summary>What a worker is called in the queue. One that starts again at the same address is another: it has none of the steps of the one before.</summary>
internal static class WorkerName
{
    private const char Separator = '#';

    public static string Of(UniqueAddress node) => string.Create(CultureInfo.InvariantCulture, $"{node.Address}{Separator}{node.Uid}");

    /// <summary>False for what the queue of an older version calls all workers together.</summary>
    public static bool IsOne(string name) => name.Contains(Separator, StringComparison.Ordinal);
}
