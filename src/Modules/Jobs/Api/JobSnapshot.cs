using CloneHub.Contracts;

namespace CloneHub.Jobs.Api;

/// <summary>Where a job stands, in the five words that callers see.</summary>
internal enum JobStatus
{
    Pending,
    Running,
    Completed,
    Failed,
    Cancelled,
}

/// <summary>What can be told of a job at one moment. Holds no credentials: the status endpoint opens those for the owner while the clone serves.</summary>
internal sealed record JobSnapshot
{
    public required JobId Job { get; init; }

    public required string Tenant { get; init; }

    public string? CustomerId { get; init; }

    /// <summary>What kind of work it is: "clone" or "restore".</summary>
    public required string Type { get; init; }

    public required JobStatus Status { get; init; }

    /// <summary>0 to 100, never falling.</summary>
    public required int Progress { get; init; }

    /// <summary>What is going on now, in plain words.</summary>
    public required string Message { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>1 for the job that a free worker takes next; null once it has been taken.</summary>
    public int? QueuePosition { get; init; }

    /// <summary>When it will probably serve; null once it does not build any more, and where there is nothing to go by.</summary>
    public DateTimeOffset? EstimatedCompletion { get; init; }

    /// <summary>True once nothing of the clone exists. Its owner may still have to be told, and each notice raises the version.</summary>
    public bool IsTerminal { get; init; }

    /// <summary>True while the clone answers and nobody has asked for its removal.</summary>
    public bool Serves { get; init; }

    public CloneOutcome? Result { get; init; }

    /// <summary>Of a restore only.</summary>
    public RestoreState? Restore { get; init; }

    public JobError? Error { get; init; }

    /// <summary>What the owner has to do before the job goes on; null while it goes on by itself.</summary>
    public RequiredAction? Awaited { get; init; }

    /// <summary>Number of events the job has had; rises with every change that is kept.</summary>
    public required long Version { get; init; }
}

/// <summary>The clone a job has made. <paramref name="RemovedAt"/> is set once nothing of it exists any more.</summary>
/// <param name="CloneUrl">Address of its home page.</param>
/// <param name="Username">Log-in name of the administrator made for the caller.</param>
/// <param name="Fidelity">"full": the whole site; "public": what the source publishes to everyone.</param>
/// <param name="Content">What it holds, as counted after the import.</param>
/// <param name="Media">What it was handed over without; null if nothing.</param>
internal sealed record CloneOutcome(
    Uri CloneUrl,
    string Username,
    string Fidelity,
    ContentFacts? Content,
    IReadOnlyList<string> Warnings,
    DateTimeOffset? RemovedAt,
    MediaState? Media = null);

/// <param name="Awaited">What was to come.</param>
/// <param name="Came">What became of it; null while it is coming, and if nobody could tell.</param>
internal sealed record MediaState(MediaAwaited Awaited, bool IsPending, MediaFacts? Came)
{
    public const string Pending = "pending";
    public const string Complete = "complete";
    public const string Partial = "partial";

    public string Name => IsPending ? Pending : Came is { Missing: 0 } ? Complete : Partial;
}

/// <summary>What a restore would do, does or has done.</summary>
/// <param name="SourceJob">The job of the clone, if the tenant's own made it.</param>
/// <param name="Plan">Null until both sides were compared.</param>
/// <param name="Brought">Null until all lies beside the site.</param>
/// <param name="HeldMilliseconds">How long visitors were held while places changed.</param>
/// <param name="UndoUntil">Null if there is nothing to undo, or not any more.</param>
internal sealed record RestoreState(
    Uri TargetUrl, Uri CloneUrl, string? SourceJob, bool DryRun, PlanFacts? Plan, StagedFacts? Brought, long? HeldMilliseconds, DateTimeOffset? UndoUntil, DateTimeOffset? RolledBackAt,
    IReadOnlyList<string> Warnings);

/// <summary>Why a job waits for its owner to install the connector at the source.</summary>
/// <param name="Until">It has failed if nothing has happened by then.</param>
internal sealed record RequiredAction(string Code, string Message, string Hint, DateTimeOffset Until);

/// <summary>Why a job failed.</summary>
/// <param name="Step">The step that failed: "import_content".</param>
/// <param name="Retryable">True if the same request may succeed when it is sent again unchanged.</param>
internal sealed record JobError(string Code, string Message, string Hint, string? Step, bool Retryable);
