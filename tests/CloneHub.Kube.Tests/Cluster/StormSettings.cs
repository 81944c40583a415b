using System.Globalization;

namespace CloneHub.Kube.Tests.Cluster;

/// <summary>What <c>./clonehub.sh chaos kube</c> sets in the environment; without it the storm of <c>test kube --long</c>.</summary>
/// <param name="Seed">CLONEHUB_SEED: strikes as an earlier run did.</param>
/// <param name="Clones">CLONEHUB_CLONES.</param>
/// <param name="IsStub">CLONEHUB_STUB: the clones' pods run the stub instead of WordPress.</param>
/// <param name="Progress">CLONEHUB_PROGRESS: the file that is told how it goes, for whoever waits for the end.</param>
internal sealed record StormSettings(int Seed, int Clones, bool IsStub, string? Progress)
{
    /// <summary>Of real clones the source and two processors are the limit; of stubs only the storm is.</summary>
    public int Kills => Math.Max(8, Clones / 8);

    /// <summary>A killed kubelet or API server takes the agents' connections with it; a step may fail twice before its job does.</summary>
    public int MostFailed => Clones * 3 / 20;

    /// <summary>Those that are left to expire; the owners of all others remove them. A node of two processors has room for some twenty pods.</summary>
    public int Staying => Math.Min(Clones, 15);

    public static StormSettings FromEnvironment() => new(
        Number("CLONEHUB_SEED") ?? Environment.TickCount, Number("CLONEHUB_CLONES") ?? 20, Of("CLONEHUB_STUB") == "1", Of("CLONEHUB_PROGRESS"));

    private static int? Number(string variable) => int.TryParse(Of(variable), CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string? Of(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? text : null;
}
