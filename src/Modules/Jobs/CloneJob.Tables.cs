using System.Diagnostics;
using CloneHub.Contracts;

namespace CloneHub.Jobs;

/// <summary>The numbers and words of the lifecycle: limits, progress, messages.</summary>
public sealed partial record CloneJob
{
    /// <summary>Failures of one step after which the job has failed.</summary>
    public const int MaxFailures = 3;

    private const int FailuresOfQuarterHour = 20;

    /// <summary>Starts of one step, crashes included, after which the job has failed: a job that kills its worker must not do so for ever.</summary>
    public const int MaxAttempts = 12;

    /// <summary>Extensions of one clone: its stream has to stay short.</summary>
    public const int MaxExtensions = 100;

    /// <summary>Two ends of a clone that lie less apart are the same to its owner.</summary>
    public static readonly TimeSpan SameEnd = TimeSpan.FromSeconds(30);

    /// <summary>What CloneHub itself lacks for a while says nothing of the step: that is tried as often as the step may be started, and does not count otherwise.</summary>
    internal static bool IsOurs(StepFault fault) => fault.Code is StepFault.BackendUnavailable or StepFault.WorkerLost;

    /// <summary>What stands between CloneHub and a source, and not between the source and its owner.</summary>
    private static bool HandsHelp(StepFault fault) => fault.Code is "CONNECTOR_AWAITED" or "LOGIN_2FA" or "LOGIN_CAPTCHA" or "LOGIN_HIDDEN" or "LOGIN_LOCKED" or "LOGIN_LOST"
        or "LOGIN_FAILED" or "WAF_BLOCKED" or "NOT_ADMIN" or "FILE_MODS_DISALLOWED" or "FS_CREDENTIALS_NEEDED" or "PLUGINS_DIR_READONLY" or "ACTIVATION_FATAL";

    private bool MayRetry(StepFault fault) => fault.Retryable && (IsOurs(fault) ? Failures + 1 < MaxAttempts : OwnFailures + 1 < MaxFailures);

    /// <summary>From the request to serving, waiting included. The connector on the source expires with it.</summary>
    public static readonly TimeSpan BuildLimit = TimeSpan.FromHours(2);

    /// <summary>The journal of a finished job is kept this long beside the event log.</summary>
    public static readonly TimeSpan JournalRetention = TimeSpan.FromHours(24);

    /// <summary>Since the clone serves. A crawl that began later would compare with a source that has moved on.</summary>
    public static readonly TimeSpan CrawlLimit = TimeSpan.FromMinutes(10);

    private static readonly StepFault CrawledTooLate = new(
        "CRAWL_TOO_LATE", "The clone could not be crawled while its copy was fresh.", "Look at the clone's pages yourself, or request it again.", false);

    private static readonly StepFault StartedTooOften = new(
        "STEP_STARTED_TOO_OFTEN", "The step was interrupted too many times.", "Ask the operator to look at the node's log, then request the clone again.", false);

    private static readonly StepFault TookTooLong = new(
        "JOB_TIMED_OUT", "The clone did not serve within two hours.", "Check that the source answers quickly, then request the clone again.", false);

    private static StepFault NobodyActed(StepFault awaited) => new(
        "ACTION_NOT_TAKEN", $"Nobody installed the connector within two hours of the request. {awaited.Message}", "Request the clone again and install the connector that it offers.", false);

    /// <summary>What a step that outlived <see cref="LimitOf"/> has failed with.</summary>
    public static StepFault TimedOut(CloneStep step) => new(
        "STEP_TIMED_OUT", $"The step took longer than {LimitOf(step).TotalMinutes:0} minutes.", "It is tried again; if it goes on, check how fast the source answers.", true);

    /// <summary>Doubles with every failure up to a minute, and falls between half of that and all of it. Another worker need not wait. What is tried for ever, a removal and media, is tried
    /// every five minutes then, but not in the first quarter of an hour that the back end is away.</summary>
    private TimeSpan BackOff(StepFault fault, double jitter)
    {
        if (fault.Code == StepFault.WorkerLost) return TimeSpan.Zero;
        var isPatient = Stage is Stage.Removing || NextStep is CloneStep.FetchMedia;
        var limit = isPatient && (!IsOurs(fault) || Failures > FailuresOfQuarterHour) ? 300 : 60;
        var seconds = Math.Min(limit, Math.Pow(2, Math.Min(Failures, 10)));
        return TimeSpan.FromSeconds(seconds * (1 + jitter) / 2);
    }

    /// <summary>When this job must be looked at again though nobody asks; null while a step decides what comes next.</summary>
    public DateTimeOffset? Deadline => Stage switch
    {
        Stage.Serving => ExpiresAt,
        Stage.Failed => RemoveAt,
        Stage.Removed or Stage.Cancelled => RemovedAt + JournalRetention,
        _ when IsBuilding => Request!.GiveUpAt,
        _ => null,
    };

    public bool EndsAround(DateTimeOffset moment) => ExpiresAt is { } end && (moment - end).Duration() < SameEnd;

    public string Status => Outcome switch
    {
        Outcome.Completed => "completed",
        Outcome.Failed => "failed",
        Outcome.Cancelled => "cancelled",
        _ => Stage is Stage.Requested ? "pending" : "running",
    };

    /// <summary>Percent, rising only; <paramref name="fraction"/> is how much of the running step is done, 0 to 1.</summary>
    public int Progress(double fraction = 0)
    {
        if (!IsBuilding) return Reached;
        var from = ProgressOf(Stage);
        var to = ProgressOf(Stage + 1);
        return Math.Max(Reached, from + (int)((to - 1 - from) * Math.Clamp(fraction, 0, 1)));
    }

    /// <summary>What is going on, in plain words.</summary>
    public string Message => Stage switch
    {
        Stage.None => "",
        Stage.Requested => "Waiting for a free slot…",
        Stage.Started => Retrying("Creating database…"),
        Stage.DatabaseReady => Retrying("Starting WordPress…"),
        Stage.PodReady => Awaited is null ? Retrying("Copying content…") : $"Waiting for the connector to be installed by hand. {Awaited.Message}",
        Stage.ContentImported => Retrying("Activating the plugin…"),
        Stage.PluginActivated => Retrying("Opening and checking the clone…"),
        Stage.Serving => MediaNow ? "The clone is ready; media that nobody has asked for yet are still coming." : "The clone is ready.",
        Stage.Failed => Fault!.Message,
        Stage.Removing => Outcome is Outcome.Open ? "Cancelling…" : "Removing the clone…",
        Stage.Removed => Outcome is Outcome.Failed ? Fault!.Message : "The clone was removed.",
        Stage.Cancelled => "The job was cancelled.",
        _ => throw new UnreachableException($"No message for {Stage}."),
    };

    /// <summary>The longest one attempt of a step may take before it counts as failed.</summary>
    public static TimeSpan LimitOf(CloneStep step) => step switch
    {
        CloneStep.CreateDatabase => TimeSpan.FromMinutes(1),
        CloneStep.StartPod => TimeSpan.FromMinutes(3),
        CloneStep.ImportContent => TimeSpan.FromMinutes(60),
        CloneStep.ActivatePlugin => TimeSpan.FromMinutes(2),
        CloneStep.OpenIngress => TimeSpan.FromMinutes(5),
        CloneStep.Crawl => TimeSpan.FromMinutes(1),
        CloneStep.FetchMedia => TimeSpan.FromMinutes(60),
        CloneStep.Remove => TimeSpan.FromMinutes(3),
        CloneStep.AwaitConnector => BuildLimit,
        _ => throw new UnreachableException($"No limit for {step}."),
    };

    IJobRequest? IJob.Request => Request;

    string IJob.Type => "clone";

    bool IJob.IsWaiting => Stage is Stage.Requested;

    bool IJob.HasClone => Fence > 0 && !IsTerminal;

    bool IJob.NeedsLogIns => Stage is not (Stage.Serving or Stage.Failed);

    IJob IJob.Apply(IJobEvent e) => Apply(e);

    TimeSpan IJob.LimitOf(CloneStep step) => LimitOf(step);

    StepFault IJob.TimedOut(CloneStep step) => TimedOut(step);

    CloneOrder IJob.Order(JobId job) =>
        new(job, Request!.SourceUrl, Request.Tenant, Request.CustomerId, Request.Fidelity, Request.ByHand, Username, CloneUrl, UploadWasCut, Media: Request.Media, GivesMediaUp: NextStep is CloneStep.FetchMedia && GivesMediaUp);

    private IReadOnlyList<Notice> Owing(Notice notice) => Request is { Notifies: true } ? [.. Notices, notice] : Notices;

    private static IEnumerable<string> FoundBy(Crawled crawled) => crawled switch
    {
        { Facts: { } facts } => facts.Differences.Select(difference => $"The crawl found that {difference}."),
        { Fault: { } fault } => [$"Clone and source were not crawled: {fault.Message}"],
        _ => [],
    };

    private static int ProgressOf(Stage stage) => stage switch
    {
        Stage.Started => 5,
        Stage.DatabaseReady => 10,
        Stage.PodReady => 30,
        Stage.ContentImported => 90,
        Stage.PluginActivated => 92,
        Stage.Serving => 100,
        _ => 0,
    };

    private string Retrying(string doing) =>
        Failures == 0 || StepRunning ? doing : $"{doing} (attempt {Failures} failed, trying again)";
}
