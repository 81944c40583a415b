using System.Globalization;
using Akka.Cluster;
using CloneHub.Contracts;

namespace CloneHub.Jobs.Nodes;

/// <summary>What a worker is called in the queue. One that starts again at the same address is another: it has none of the steps of the one before.</summary>
internal static class WorkerName
{
    public static string Of(UniqueAddress node) => string.Create(CultureInfo.InvariantCulture, $"{node.Address}{RunStep.StartSeparator}{node.Uid}");

    /// <summary>False for what the queue of an older version calls all workers together.</summary>
    public static bool IsOne(string name) => name.Contains(RunStep.StartSeparator, StringComparison.Ordinal);
}
