using System.Diagnostics;
using System.Text.Json.Serialization;
using CloneHub.Contracts;

namespace CloneHub.Jobs;

/// <summary>What can be asked of a job. The moment of asking goes beside it, see <see cref="CloneJob.Decide"/>.</summary>
public interface IJobCommand;

/// <param name="RequestHash">Keyed hash of the whole request; tells whether a repeat under the same idempotency key asks for the same.</param>
/// <param name="Replaces">The tenant's earlier clones of the same label go once this one serves.</param>
/// <param name="Notifies">The owner wants to be called when the job ends. The address itself is a secret and lies sealed.</param>
/// <param name="TraceParent">Where the job's trace began, as a W3C traceparent; null if nobody traced the request.</param>
/// <param name="ByHand">The owner installs the connector at the source where CloneHub cannot.</param>
public sealed record RequestClone(
    Uri SourceUrl, string Tenant, string? CustomerId, TimeSpan Ttl, string RequestHash,
    CloneFidelity Fidelity = CloneFidelity.Full, bool Replaces = false, bool Notifies = false, string? TraceParent = null,
    JobPriority Priority = JobPriority.Interactive, bool ByHand = false, CloneMedia Media = CloneMedia.Eager) : IJobCommand;

/// <summary>A slot is free: the job may use it.</summary>
public sealed record Begin : IJobCommand;

/// <summary>Start, or after a crash start again, what <see cref="CloneJob.NextStep"/> names.</summary>
public sealed record StartStep(string Node) : IJobCommand;

/// <param name="Jitter">0 to 1: where in its range the back-off falls.</param>
public sealed record ReportStep(StepToken Token, StepFault? Fault, StepFacts Facts, double Jitter) : IJobCommand;

/// <summary>A deadline may have passed.</summary>
public sealed record Expire : IJobCommand;

/// <summary>The owner wants the clone to serve for so long from now on.</summary>
public sealed record Extend(TimeSpan Ttl) : IJobCommand;

/// <summary>The owner wants the job stopped or its clone removed.</summary>
public sealed record Cancel : IJobCommand;

/// <param name="Jobs">Those that have gone or go, in the order of their acceptance.</param>
/// <param name="IsReplaced">A later job of the label, which replaces earlier ones too, serves already: this one goes itself.</param>
public sealed record ReportReplaced(IReadOnlyList<string> Jobs, bool IsReplaced = false) : IJobCommand;

/// <param name="Fault">Why the owner could not be called; null if the call was answered.</param>
/// <param name="Final">There is no point in another attempt.</param>
/// <param name="RetryAfter">The pause that the owner asked for.</param>
public sealed record ReportNotice(Notice Notice, int Attempt, string? Fault, double Jitter, bool Final = false, TimeSpan? RetryAfter = null) : IJobCommand;

/// <summary>What happened to a job. Stored for ever: add, never change.</summary>
public interface IJobEvent
{
    DateTimeOffset At { get; }
}

/// <param name="GiveUpAt">A clone that does not serve by then has failed.</param>
/// <param name="TraceParent">Null too in requests of before traces were kept.</param>
public sealed record CloneRequested(
    Uri SourceUrl, string Tenant, string? CustomerId, TimeSpan Ttl, string RequestHash, DateTimeOffset GiveUpAt, DateTimeOffset At,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] CloneFidelity Fidelity = CloneFidelity.Full,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Replaces = false,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Notifies = false,
    string? TraceParent = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] JobPriority Priority = JobPriority.Interactive,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool ByHand = false,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] CloneMedia Media = CloneMedia.Eager) : IJobRequest;

public sealed record Started(DateTimeOffset At) : IJobEvent;
public sealed record StepStarted(CloneStep Step, int Attempt, long Fence, string Node, DateTimeOffset At) : IJobEvent;
/// <param name="Fault">Why CloneHub cannot go on alone.</param>
public sealed record ActionRequired(CloneStep Step, int Attempt, StepFault Fault, DateTimeOffset At) : IJobEvent;
public sealed record ActionTaken(DateTimeOffset At) : IJobEvent;
public sealed record DatabaseReady(DateTimeOffset At) : IJobEvent;
public sealed record PodReady(DateTimeOffset At) : IJobEvent;
/// <param name="Proof">Null for a copy of what a source publishes, and in copies of before it was kept.</param>
/// <param name="Awaited">What comes later; null if all is there.</param>
public sealed record ContentImported(ContentFacts Content, IReadOnlyList<string> Warnings, DateTimeOffset At, ContentProof? Proof = null, MediaAwaited? Awaited = null) : IJobEvent;
public sealed record PluginActivated(string Version, string Username, DateTimeOffset At) : IJobEvent;
/// <param name="CrawlFollows">Both sites are to be crawled now; never in clones of before that was done.</param>
public sealed record IngressReady(
    Uri CloneUrl, IReadOnlyList<string> Warnings, DateTimeOffset ExpiresAt, DateTimeOffset At,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool CrawlFollows = false) : IJobEvent;

/// <param name="Facts">Null if the crawl came to nothing, which <paramref name="Fault"/> tells the reason of: the clone serves all the same.</param>
public sealed record Crawled(CrawlFacts? Facts, StepFault? Fault, DateTimeOffset At) : IJobEvent;
public sealed record StepFailed(CloneStep Step, int Attempt, StepFault Fault, DateTimeOffset RetryAt, DateTimeOffset At) : IJobEvent;
/// <param name="RemoveAt">What exists of the clone is kept for inspection until then.</param>
public sealed record JobFailed(CloneStep? Step, StepFault Fault, DateTimeOffset RemoveAt, DateTimeOffset At) : IJobEvent;

public sealed record Extended(DateTimeOffset ExpiresAt, DateTimeOffset At) : IJobEvent;
public sealed record EarlierReplaced(IReadOnlyList<string> Jobs, DateTimeOffset At) : IJobEvent;
public sealed record NoticeDelivered(Notice Notice, int Attempt, DateTimeOffset At) : IJobEvent;

/// <param name="RetryAt">Null after the last attempt.</param>
public sealed record NoticeFailed(Notice Notice, int Attempt, string Reason, DateTimeOffset? RetryAt, DateTimeOffset At) : IJobEvent;

public sealed record CancelRequested(DateTimeOffset At) : IJobEvent;
public sealed record Cancelled(DateTimeOffset At) : IJobEvent;
public sealed record Expired(DateTimeOffset At) : IJobEvent;
public sealed record Removed(DateTimeOffset At) : IJobEvent;

/// <summary>How far a job has come. Each stage but the resting ones has one next step.</summary>
public enum Stage { None, Requested, Started, DatabaseReady, PodReady, ContentImported, PluginActivated, Serving, Failed, Removing, Removed, Cancelled }

/// <summary>What the owner of a job is called about.</summary>
public enum Notice { Completed, Failed, Cancelled, Removed }

/// <summary>What became of the job, whatever happens to its clone afterwards.</summary>
public enum Outcome { Open, Completed, Failed, Cancelled }

/// <summary>
/// One clone from request to removal. Pure: no clock, no I/O, no framework. <see cref="Decide"/> answers a command with events,
/// <see cref="Apply"/> folds an event into the state; whoever drives it starts <see cref="NextStep"/>.
/// </summary>
public sealed partial record CloneJob : IJob
{
    public static readonly CloneJob None = new();

    public Stage Stage { get; init; }
    public Outcome Outcome { get; init; }
    public CloneRequested? Request { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }
    public int Extensions { get; init; }
    public DateTimeOffset? RemoveAt { get; init; }
    public DateTimeOffset? RemovedAt { get; init; }
    public DateTimeOffset UpdatedAt { get; init; }
    public Uri? CloneUrl { get; init; }
    public string? Username { get; init; }
    public ContentFacts? Content { get; init; }
    public IReadOnlyList<string> Warnings { get; init; } = [];
    public StepFault? Fault { get; init; }
    public CloneStep? FaultStep { get; init; }

    /// <summary>Highest progress any stage has reached, in percent.</summary>
    public int Reached { get; init; }

    /// <summary>Starts of any step of this job so far; the newest start owns the clone.</summary>
    public long Fence { get; init; }

    /// <summary>An import was begun and none has come to its end.</summary>
    public bool IsAtSource { get; init; }

    /// <summary>Parts of the connector may lie at the source. A log-in that was refused brought nothing there, and is not tried again.</summary>
    public bool UploadWasCut => IsAtSource && Fault?.Code != "LOGIN_FAILED";

    /// <summary>Starts and failures of the step this stage is waiting for.</summary>
    public int Attempt { get; init; }
    public int Failures { get; init; }

    /// <summary>Of the failures, those that say something about the step: not that a worker was lost or a back end away.</summary>
    public int OwnFailures { get; init; }

    /// <summary>True between StepStarted and what became of it.</summary>
    public bool StepRunning { get; init; }
    public DateTimeOffset RetryAt { get; init; }

    /// <summary>Why the job waits for its owner; null while it does not.</summary>
    public StepFault? Awaited { get; init; }

    /// <summary>What the owner has still to be told, in this order; <see cref="NoticeAttempt"/> and <see cref="NoticeAt"/> are of the first.</summary>
    public IReadOnlyList<Notice> Notices { get; init; } = [];
    public int NoticeAttempt { get; init; }
    public DateTimeOffset NoticeAt { get; init; }

    /// <summary>Earlier clones of the same label have still to go.</summary>
    public bool ReplacesNow { get; init; }

    /// <summary>The clone serves, and both sites have still to be crawled.</summary>
    public bool CrawlsNow { get; init; }

    /// <summary>The work this job is waiting for; null while it rests.</summary>
    public CloneStep? NextStep => Stage switch
    {
        Stage.Started => CloneStep.CreateDatabase,
        Stage.DatabaseReady => CloneStep.StartPod,
        Stage.PodReady => Awaited is null ? CloneStep.ImportContent : CloneStep.AwaitConnector,
        Stage.ContentImported => CloneStep.ActivatePlugin,
        Stage.PluginActivated => CloneStep.OpenIngress,
        Stage.Serving when CrawlsNow => CloneStep.Crawl,
        Stage.Serving or Stage.Failed when MediaNow => CloneStep.FetchMedia,
        Stage.Removing => CloneStep.Remove,
        _ => null,
    };

    public bool IsTerminal => Stage is Stage.Removed or Stage.Cancelled;

    /// <summary>Nothing is left to do: no step, and nobody to tell.</summary>
    public bool IsOver => IsTerminal && Notices.Count == 0;

    /// <summary>Accepted and not yet serving, failed or on its way out.</summary>
    public bool IsBuilding => Stage is >= Stage.Requested and <= Stage.PluginActivated;

    /// <summary>The start of <see cref="NextStep"/> that is under way.</summary>
    public StepToken? Running(JobId job) => StepRunning && NextStep is { } step ? new StepToken(job, step, Attempt, Fence) : null;

    public IReadOnlyList<IJobEvent> Decide(IJobCommand command, DateTimeOffset now) => (command, Stage) switch
    {
        (RequestClone r, Stage.None) =>
            [new CloneRequested(r.SourceUrl, r.Tenant, r.CustomerId, r.Ttl, r.RequestHash, now + BuildLimit, now, r.Fidelity, r.Replaces, r.Notifies, r.TraceParent, r.Priority, r.ByHand, r.Media)],
        (Begin, Stage.Requested) => [new Started(now)],

        (StartStep, _) when NextStep is null || now < RetryAt => [],
        (StartStep, _) when NextStep is CloneStep.FetchMedia && MediaStarts >= MaxMediaAttempts => [new MediaFetched(null, MediaFault ?? StartedTooOften, now)],
        (StartStep s, _) when NextStep is CloneStep.FetchMedia => [new StepStarted(CloneStep.FetchMedia, Attempt + 1, Fence + 1, s.Node, now)],
        (StartStep, Stage.Serving) when now > CompletedAt + CrawlLimit => [new Crawled(null, CrawledTooLate, now)],
        (StartStep, Stage.Serving) when Attempt >= MaxAttempts => [new Crawled(null, StartedTooOften, now)],
        (StartStep, not Stage.Removing) when Attempt >= MaxAttempts && Awaited is null => [Fail(NextStep, StartedTooOften, now)],
        (StartStep s, _) => [new StepStarted(NextStep!.Value, Attempt + 1, Fence + 1, s.Node, now)],

        // An answer of an overtaken attempt, or to a step already taken, changes nothing.
        (ReportStep r, _) when !StepRunning || r.Token.Fence != Fence => [],
        (ReportStep { Fault: null } r, _) => [Done(r, now)],
        (ReportStep { Fault: { } f } r, _) when Stage is Stage.Removing || NextStep is CloneStep.FetchMedia || MayRetry(f)
            => [new StepFailed(r.Token.Step, r.Token.Attempt, f, now + BackOff(f, r.Jitter), now)],
        (ReportStep { Fault: { } f }, Stage.Serving) => [new Crawled(null, f, now)],
        (ReportStep { Fault: { } f } r, Stage.PodReady) when Awaited is null && Request!.ByHand && HandsHelp(f) => [new ActionRequired(r.Token.Step, r.Token.Attempt, f, now)],
        (ReportStep { Fault: { } f } r, _) => [Fail(r.Token.Step, f, now)],

        // Each extension makes the stream longer, so one that changes next to nothing is none.
        (Extend e, Stage.Serving) when now < ExpiresAt && !EndsAround(now + e.Ttl) && Extensions < MaxExtensions => [new Extended(now + e.Ttl, now)],
        (ReportReplaced { IsReplaced: true } r, _) when ReplacesNow => [new EarlierReplaced(r.Jobs, now), new CancelRequested(now)],
        (ReportReplaced r, _) when ReplacesNow => [new EarlierReplaced(r.Jobs, now)],
        (ReportNotice n, _) => NoticeRules.Told(n, Notices, NoticeAttempt, now),

        (Expire, Stage.Serving) when now >= ExpiresAt => [new Expired(now)],
        (Expire, Stage.Failed) when now >= RemoveAt => [new Expired(now)],
        (Expire, _) when IsBuilding && now >= Request!.GiveUpAt => [Fail(NextStep, Awaited is { } awaited ? NobodyActed(awaited) : TookTooLong, now)],

        // Before the first step there is nothing to remove.
        (Cancel, _) when IsBuilding && Fence == 0 => [new CancelRequested(now), new Cancelled(now)],
        (Cancel, _) when IsBuilding || Stage is Stage.Serving or Stage.Failed => [new CancelRequested(now)],
        _ => [],
    };

    public CloneJob Apply(IJobEvent e) => e switch
    {
        CloneRequested r => this with { Stage = Stage.Requested, Request = r, UpdatedAt = r.At },
        Started s => At(Stage.Started, s) with { StartedAt = s.At },
        StepStarted s => this with { Attempt = s.Attempt, Fence = s.Fence, StepRunning = true, UpdatedAt = s.At, IsAtSource = IsAtSource || s.Step is CloneStep.ImportContent },
        StepFailed f => this with { Failures = Failures + 1, OwnFailures = OwnFailures + (IsOurs(f.Fault) ? 0 : 1), MediaFault = MediaFaultAfter(f), StepRunning = false, RetryAt = f.RetryAt, UpdatedAt = f.At },
        ActionRequired a => At(Stage, a) with { Awaited = a.Fault, Attempt = Attempt },
        ActionTaken t => At(Stage, t) with { Awaited = null, Attempt = Attempt },
        DatabaseReady d => At(Stage.DatabaseReady, d),
        PodReady p => At(Stage.PodReady, p),
        ContentImported c => At(Stage.ContentImported, c) with { IsAtSource = c.Awaited is not null, MediaNow = c.Awaited is not null, Awaits = c.Awaited, Content = c.Content, Warnings = [.. Warnings, .. c.Warnings] },
        PluginActivated p => At(Stage.PluginActivated, p) with { Username = p.Username },
        IngressReady i => At(Stage.Serving, i) with
        {
            Outcome = Outcome.Completed,
            CloneUrl = i.CloneUrl,
            ExpiresAt = i.ExpiresAt,
            CompletedAt = i.At,
            Warnings = [.. Warnings, .. i.Warnings],
            Notices = Owing(Notice.Completed),
            ReplacesNow = Request!.Replaces,
            CrawlsNow = i.CrawlFollows,
        },
        Crawled c => At(Stage.Serving, c) with { CrawlsNow = false, Warnings = [.. Warnings, .. FoundBy(c)] },
        MediaFetched m => At(Stage, m) with { MediaNow = false, IsAtSource = false, Media = m.Facts, MediaFault = m.Fault, Warnings = [.. Warnings, .. NotesOf(m)] },
        JobFailed f => At(Stage.Failed, f) with { Outcome = Outcome.Failed, Fault = f.Fault, FaultStep = f.Step, RemoveAt = f.RemoveAt, CompletedAt = f.At, Notices = Owing(Notice.Failed) },
        Extended x => this with { ExpiresAt = x.ExpiresAt, Extensions = Extensions + 1, UpdatedAt = x.At },
        EarlierReplaced => this with { ReplacesNow = false },
        NoticeDelivered or NoticeFailed { RetryAt: null } => this with { Notices = [.. Notices.Skip(1)], NoticeAttempt = 0, NoticeAt = default },
        NoticeFailed { RetryAt: { } again } n => this with { NoticeAttempt = n.Attempt, NoticeAt = again },
        Expired or CancelRequested => At(Stage.Removing, e) with { ReplacesNow = false },
        Removed r => At(Stage.Removed, r) with { RemovedAt = r.At, Notices = Owing(Notice.Removed) },
        Cancelled c => At(Stage.Cancelled, c) with { Outcome = Outcome.Cancelled, CompletedAt = c.At, RemovedAt = c.At, Notices = Owing(Notice.Cancelled) },
        _ => throw new UnreachableException($"CloneJob does not know {e.GetType().Name}."),
    };

    private CloneJob At(Stage stage, IJobEvent e) => this with
    {
        Stage = stage,
        Attempt = 0,
        Failures = 0,
        OwnFailures = 0,
        StepRunning = false,
        RetryAt = default,
        Reached = Math.Max(Reached, ProgressOf(stage)),
        UpdatedAt = e.At,
    };

    private IJobEvent Done(ReportStep report, DateTimeOffset now) => report.Token.Step switch
    {
        CloneStep.CreateDatabase => new DatabaseReady(now),
        CloneStep.StartPod => new PodReady(now),
        CloneStep.ImportContent => new ContentImported(report.Facts.Content!, report.Facts.Warnings, now, report.Facts.Proof, report.Facts.Awaited),
        CloneStep.ActivatePlugin => new PluginActivated(report.Facts.PluginVersion!, report.Facts.Username!, now),
        CloneStep.OpenIngress => new IngressReady(report.Facts.CloneUrl!, report.Facts.Warnings, now + Request!.Ttl, now, report.Facts.CrawlFollows),
        CloneStep.Crawl => new Crawled(report.Facts.Crawl!, null, now),
        CloneStep.FetchMedia => new MediaFetched(report.Facts.Media!, GivesMediaUp ? MediaFault ?? Fault ?? StartedTooOften : null, now),
        CloneStep.AwaitConnector => new ActionTaken(now),
        CloneStep.Remove => Outcome is Outcome.Open ? new Cancelled(now) : new Removed(now),
        _ => throw new UnreachableException($"No event tells that {report.Token.Step} is done."),
    };

    private JobFailed Fail(CloneStep? step, StepFault fault, DateTimeOffset now) => new(step, fault, now + Request!.Ttl, now);
}
