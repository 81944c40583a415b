namespace CloneHub.Contracts;

/// <summary>What one clone takes of a cluster. Provisioning asks for it in the clone's pod, and Jobs counts by it how many clones fit under a ceiling.</summary>
public static class CloneFootprint
{
    /// <summary>Requested, in thousandths of a processor.</summary>
    public const int MilliCpu = 100;

    /// <summary>The limit, in MiB; quotas count limits.</summary>
    public const int MemoryMiB = 384;
}
