using CloneHub.Jobs;

namespace CloneHub.Provisioning.Tests.Failures;

/// <summary>One way in which a job can fail, and what its owner must be told.</summary>
/// <param name="Cause">Words of the message by which this failure is told from others of the same code.</param>
/// <param name="Inject">Makes it happen and gives the job as it rests afterwards.</param>
internal sealed record NamedFailure(string Name, string Code, string Cause, Func<FailureStage, Task<CloneJob>> Inject)
{
    /// <summary>All failures that are injected.</summary>
    public static IReadOnlyList<NamedFailure> All { get; } =
        [.. SourceFailures.OnTheWay, .. SourceFailures.AtTheDoor, .. SourceFailures.Inside, .. ContentFailures.OfTheSource, .. ContentFailures.OfPublicSites, .. ContentFailures.OfOurs];
}
