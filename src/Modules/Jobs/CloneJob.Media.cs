using CloneHub.Contracts;

namespace CloneHub.Jobs;

/// <param name="Facts">Null if not even this could be found out.</param>
/// <param name="Fault">Why they were given up; null if all were asked for.</param>
public sealed record MediaFetched(MediaFacts? Facts, StepFault? Fault, DateTimeOffset At) : IJobEvent;

/// <summary>
/// Media that come once the clone serves. A fault is never the end of them at once: they are tried for again, then given up, which is a step as well because
/// the connector has to leave and no half media may stay. Whatever becomes of them, the clone serves on.
/// </summary>
public sealed partial record CloneJob
{
    /// <summary>Failures, those that CloneHub itself is the cause of excepted, after which what has not come is given up: some minutes.</summary>
    public const int MaxMediaFailures = 8;

    /// <summary>Starts, crashes included and those without a back end excepted, of which the last ones only give up.</summary>
    public const int MaxMediaAttempts = 24;

    private const int StartsToGiveUp = 4;

    /// <summary>What the clone was handed over without; null if nothing.</summary>
    public MediaAwaited? Awaits { get; init; }

    /// <summary>Media have still to come or to be given up.</summary>
    public bool MediaNow { get; init; }

    /// <summary>What has come of them; null before, and if nobody could tell.</summary>
    public MediaFacts? Media { get; init; }

    /// <summary>Why they did not come, the last time it was tried.</summary>
    public StepFault? MediaFault { get; init; }

    private bool GivesMediaUp => Stage is Stage.Failed || MediaFault is { Retryable: false } || OwnFailures >= MaxMediaFailures || MediaStarts > MaxMediaAttempts - StartsToGiveUp;

    /// <summary>Starts, but for those that failed by what CloneHub itself lacked: that says nothing of the media, and they wait for it until the clone's end.</summary>
    private int MediaStarts => Attempt - (Failures - OwnFailures);

    private StepFault? MediaFaultAfter(StepFailed failed) => failed.Step is CloneStep.FetchMedia && !IsOurs(failed.Fault) ? failed.Fault : MediaFault;

    internal static IEnumerable<string> NotesOf(MediaFetched fetched) =>
        [.. fetched.Fault is { } fault ? (string[])[$"Media that had not come were given up: {fault.Message}"] : [], .. fetched.Facts?.Notes ?? []];
}
