namespace CloneHub.Contracts;

/// <summary>The work a job needs. First that of a clone, in the order it is done, with two steps beside that order; then that of a restore.</summary>
public enum CloneStep
{
    CreateDatabase,
    StartPod,
    ImportContent,
    ActivatePlugin,
    OpenIngress,
    Remove,

    /// <summary>In the place of an import that cannot begin: somebody brings the connector to the source by hand.</summary>
    AwaitConnector,

    /// <summary>When the clone serves already: both sites are looked at once more, more widely.</summary>
    Crawl,

    /// <summary>Looks at clone and site and changes neither, but for the connectors that it looks through. What stands in the way, drift too, is part of the plan and no fault.</summary>
    PlanRestore,

    /// <summary>Brings what changes and lays it beside what is there, compared. Visitors notice nothing. The last step that needs the log-ins.</summary>
    StageRestore,

    /// <summary>Changes places and looks at the site; changes them back if it does not answer as before (<see cref="StepFault.RestoreBrokeSite"/>). A repeat finds the places changed.</summary>
    SwapRestore,

    /// <summary>The connectors leave, with all that a restore laid aside. Done, too, if the connector at the site has left already.</summary>
    EndRestore,

    /// <summary>The site gets its old content again. Done, too, if it still has it or has it already.</summary>
    RollBackRestore,

    /// <summary>Of a clone that serves already: the media that it was made without come, or are given up. The connector leaves with it.</summary>
    FetchMedia,
}

/// <summary>How much of the source a clone holds.</summary>
public enum CloneFidelity
{
    /// <summary>The whole site, copied with an administrator's log-in.</summary>
    Full,

    /// <summary>What the source publishes to everyone.</summary>
    Public,
}

/// <summary>When the media of a clone come.</summary>
public enum CloneMedia
{
    /// <summary>With all the rest, before it serves.</summary>
    Eager,

    /// <summary>Once it serves: each with its first visitor, and the others one after the other.</summary>
    OnDemand,
}

/// <summary>How a job waits for its turn.</summary>
public enum JobPriority
{
    /// <summary>Somebody waits for the clone.</summary>
    Interactive,

    /// <summary>Many are made, and each may take its time.</summary>
    Bulk,
}

/// <summary>
/// One start of one step. It goes with every call into a back end. <paramref name="Fence"/> rises with every start of any step
/// of the job, so a back end that has seen a newer one refuses the older.
/// </summary>
/// <param name="Attempt">1 for the first start of this step.</param>
/// <param name="Fence">1 for the first start of any step of this job.</param>
public sealed record StepToken(JobId Job, CloneStep Step, int Attempt, long Fence);

/// <summary>What is to be cloned and for whom. Holds no secret: those are opened from the <see cref="IJobVault"/> where they are needed.</summary>
/// <param name="ByHand">Where CloneHub cannot install its connector at the source, the owner does.</param>
/// <param name="Username">Log-in name of the caller's administrator in the clone; null before there is one.</param>
/// <param name="CloneUrl">Address of a clone that serves already; null before.</param>
/// <param name="UploadWasCut">An import was begun that did not come to its end, and was not refused at the log-in: parts of the connector may lie at the source.</param>
/// <param name="Restore">What a restore does with the clone at <paramref name="SourceUrl"/>; null for a clone.</param>
/// <param name="GivesMediaUp">FetchMedia: what has not come by now does not come any more.</param>
public sealed record CloneOrder(JobId Job, Uri SourceUrl, string Tenant, string? CustomerId, CloneFidelity Fidelity = CloneFidelity.Full, bool ByHand = false, string? Username = null,
    Uri? CloneUrl = null, bool UploadWasCut = false, RestoreOrder? Restore = null, CloneMedia Media = CloneMedia.Eager, bool GivesMediaUp = false);

/// <summary>Why a step did not succeed.</summary>
/// <param name="Code">Stable, UPPER_SNAKE; documented in docs/errors.md.</param>
/// <param name="Message">What went wrong, in plain words, without secrets.</param>
/// <param name="Hint">What the caller can do about it.</param>
/// <param name="Retryable">True if the same step may succeed when it is tried again unchanged.</param>
public sealed record StepFault(string Code, string Message, string Hint, bool Retryable)
{
    /// <summary>What the step works with does not answer. The source has no part in it.</summary>
    public const string BackendUnavailable = "BACKEND_UNAVAILABLE";

    /// <summary>The worker that ran the step is gone. Neither the source nor the back end has a part in it.</summary>
    public const string WorkerLost = "WORKER_LOST";

    /// <summary>SwapRestore: the site did not answer as before, and has its old content again.</summary>
    public const string RestoreBrokeSite = "RESTORE_BROKE_SITE";

    /// <summary>SwapRestore: the site changed after it was planned for, so that its places were left alone. A plan tells the same of the time before it by <see cref="PlanFacts.Drift"/>.</summary>
    public const string TargetChanged = "TARGET_CHANGED";

    /// <summary>RollBackRestore: the old content is no longer there.</summary>
    public const string UndoOver = "UNDO_OVER";

    public static readonly StepFault LostWorker = new(
        WorkerLost, "The worker that did the step is gone.", "The step is started again on another one; nothing needs to be done.", Retryable: true);
}

/// <summary>What a finished step found out and the job's log should keep. Only what applies to the step is set.</summary>
public sealed record StepFacts
{
    public static readonly StepFacts None = new();

    /// <summary>ImportContent: tables, rows, files and bytes of the clone as verified after the import.</summary>
    public ContentFacts? Content { get; init; }

    /// <summary>ImportContent: what was compared; null for a copy of what a source publishes.</summary>
    public ContentProof? Proof { get; init; }

    /// <summary>ImportContent: what comes later; null if all is there.</summary>
    public MediaAwaited? Awaited { get; init; }

    /// <summary>FetchMedia: what has come.</summary>
    public MediaFacts? Media { get; init; }

    /// <summary>ActivatePlugin: version that the plugin inside the clone answered.</summary>
    public string? PluginVersion { get; init; }

    /// <summary>ActivatePlugin: log-in name of the administrator made for the caller.</summary>
    public string? Username { get; init; }

    /// <summary>OpenIngress: address of the clone's home page as the public reaches it.</summary>
    public Uri? CloneUrl { get; init; }

    /// <summary>OpenIngress: the clone is to be crawled once it serves.</summary>
    public bool CrawlFollows { get; init; }

    /// <summary>Crawl: how the clone and its source compare.</summary>
    public CrawlFacts? Crawl { get; init; }

    /// <summary>PlanRestore: what would change, and what stands in the way.</summary>
    public PlanFacts? Plan { get; init; }

    /// <summary>PlanRestore: the site's tables at that moment, those that stay excepted; what is found before the change of places is compared with it. <see cref="ContentProof.MostTables"/> at most.</summary>
    public IReadOnlyList<TableMark>? Snapshot { get; init; }

    /// <summary>StageRestore: what lies beside the site, as counted and compared there.</summary>
    public StagedFacts? Staged { get; init; }

    /// <summary>SwapRestore: the site as it is now.</summary>
    public SwapFacts? Swap { get; init; }

    /// <summary>What the caller should know though the step succeeded: things skipped, replaced or switched off.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}

public sealed record ContentFacts(int Tables, long Rows, long Files, long Bytes);

/// <summary>Media that a clone is handed over without, as the source lists them.</summary>
public sealed record MediaAwaited(long Files, long Bytes);

/// <summary>What became of them. Each one is in one of the three numbers.</summary>
/// <param name="Compared">Those that lie in the clone as the source sent them, read back.</param>
/// <param name="Missing">Those that could not be had.</param>
/// <param name="Altered">Those that somebody has replaced or deleted in the clone meanwhile.</param>
/// <param name="Notes">What the caller should know: which ones are missing, and why.</param>
public sealed record MediaFacts(FilesProof Compared, long Missing, long Altered, IReadOnlyList<string> Notes);

/// <summary>A message that may pass from one node to another. Jobs gives each a name that versions share, and refuses what has none.</summary>
public interface IWireMessage;

/// <summary>A message that concerns one job; the shard region finds its way by it.</summary>
public interface IJobMessage : IWireMessage
{
    JobId Job { get; }
}

/// <summary>Order from a job to a worker: do this step. Answered by <see cref="StepReported"/>, any number of <see cref="StepProgressed"/> before it.</summary>
/// <param name="TraceParent">The span, as a W3C traceparent, that the step's own is a child of.</param>
/// <param name="Worker">The worker that is meant, and no other one: from the job, that which it has a slot on, or null for whichever is free.</param>
public sealed record RunStep(StepToken Token, CloneOrder Order, string? TraceParent = null, string? Worker = null) : IJobMessage
{
    /// <summary>Between a worker's address and the number of its start.</summary>
    public const char StartSeparator = '#';

    public JobId Job => Token.Job;

    /// <summary>False for a worker that only has the address of the one that is meant. An older version has one name, without a number, for all workers.</summary>
    public bool IsFor(string worker) => Worker is null || Worker == worker || !Worker.Contains(StartSeparator, StringComparison.Ordinal);
}

/// <summary>Order from a job to a worker: stop doing this attempt; no answer is awaited.</summary>
public sealed record CancelStep(StepToken Token) : IJobMessage
{
    public JobId Job => Token.Job;
}

/// <summary>Report from a worker: how far the step has come.</summary>
/// <param name="Fraction">0 to 1.</param>
/// <param name="Message">Plain words for the status: "Copying files: 1,204 of 10,000".</param>
public sealed record StepProgressed(StepToken Token, double Fraction, string Message) : IJobMessage
{
    public JobId Job => Token.Job;
}

/// <summary>Report from a worker: the step is done (<see cref="Fault"/> is null) or has failed.</summary>
public sealed record StepReported(StepToken Token, StepFault? Fault, StepFacts Facts) : IJobMessage
{
    public JobId Job => Token.Job;
}

/// <summary>Order to this node's step runner: take no more orders. Answered by <see cref="StepsEnded"/> once none runs.</summary>
/// <param name="AtOnce">Stop what runs, too. Whoever ordered a stopped step is told <see cref="StepFault.LostWorker"/>.</param>
public sealed record DrainSteps(bool AtOnce);

/// <summary>No step runs on this node any more, and none will.</summary>
public sealed record StepsEnded;

/// <summary>Order from Cleanup to a job: your time may be over. The job itself decides whether it is.</summary>
public sealed record ExpireJob(JobId Job) : IJobMessage;

/// <summary>Marker of the shard region of jobs in the actor registry.</summary>
public sealed class JobsRegion;

/// <summary>Marker of this node's step runner in the actor registry.</summary>
public sealed class StepRunners
{
    /// <summary>Name of the runner's actor on every worker.</summary>
    public const string ActorName = "steps";
}
