using System.Diagnostics;
using System.Text.Json.Serialization;
using CloneHub.Contracts;

namespace CloneHub.Jobs;

/// <param name="CloneUrl">The clone whose content is brought; the other one is the site that gets it.</param>
/// <param name="SourceJob">The job that made the clone; null if none of the tenant's did.</param>
/// <param name="Order">What is to be brought, and what stays the site's own. It holds no snapshot yet.</param>
public sealed record RequestRestore(
    Uri CloneUrl, RestoreOrder Order, string Tenant, string? CustomerId, string RequestHash, string? SourceJob = null, bool Notifies = false, string? TraceParent = null) : IJobCommand;

/// <summary>The owner of the site wants its old content again.</summary>
public sealed record RollBack : IJobCommand;

/// <param name="Base">As in <see cref="RestoreOrder"/>, and so are the others.</param>
/// <param name="GiveUpAt">A restore whose places have not changed by then has failed.</param>
public sealed record RestoreRequested(
    Uri CloneUrl, Uri TargetUrl, string Tenant, string? CustomerId, string RequestHash, bool PreservePlugins, bool PreserveThemes, OnDrift OnDrift, IReadOnlyList<string> KeepTables,
    DateTimeOffset GiveUpAt, DateTimeOffset At, string? SourceJob = null, IReadOnlyList<TableMark>? Base = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool DryRun = false,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Notifies = false, string? TraceParent = null) : IJobRequest
{
    JobPriority IJobRequest.Priority => JobPriority.Interactive;
}

public sealed record Planned(PlanFacts Plan, DateTimeOffset At) : IJobEvent;

/// <param name="Tables">The site's as the plan found them. What went before is kept beside the site itself, once places have changed.</param>
public sealed record SnapshotTaken(IReadOnlyList<TableMark> Tables, DateTimeOffset At) : IJobEvent;
public sealed record Staged(StagedFacts Brought, IReadOnlyList<string> Warnings, DateTimeOffset At) : IJobEvent;
public sealed record Verified(DateTimeOffset At) : IJobEvent;

/// <param name="Tables">The site's, as the restore has left them: what a later one from the same clone is measured against.</param>
public sealed record Swapped(IReadOnlyList<TableMark> Tables, long? HeldMilliseconds, IReadOnlyList<string> Warnings, DateTimeOffset At) : IJobEvent;
public sealed record Probed(DateTimeOffset At) : IJobEvent;

/// <param name="UndoUntil">Null if nothing was changed, so that there is nothing to undo.</param>
public sealed record RestoreCompleted(DateTimeOffset? UndoUntil, DateTimeOffset At) : IJobEvent;

/// <param name="Fault">Why CloneHub itself wants it; null if the owner asked.</param>
public sealed record RollbackRequested(StepFault? Fault, DateTimeOffset At) : IJobEvent;

/// <param name="Fault">Why the worker that changed places changed them back at once; null if that was asked for.</param>
public sealed record RolledBack(StepFault? Fault, DateTimeOffset At) : IJobEvent;

/// <param name="UndoUntil">It may be asked for again until then.</param>
public sealed record RollbackFailed(StepFault Fault, DateTimeOffset UndoUntil, DateTimeOffset At) : IJobEvent;

/// <param name="Fault">Why what was laid aside at the site could not be removed: the connector does that itself when its time is over. Null if it was.</param>
/// <param name="Warnings">What is left at the site.</param>
public sealed record RestoreEnded(StepFault? Fault, IReadOnlyList<string> Warnings, DateTimeOffset At) : IJobEvent;

/// <summary>How far a restore has come. Each stage but the resting ones has one next step.</summary>
public enum RestoreStage { None, Requested, Started, Planned, Staged, Undoable, RollingBack, Ending, Ended, Cancelled }

/// <summary>
/// One restore from request to the end of the day in which it can be undone. Pure, like <see cref="CloneJob"/>. The site is touched by one step
/// only, which changes places and can be repeated; whatever leaves in doubt how that ended is followed by the way back.
/// </summary>
public sealed partial record RestoreJob
{
    public static readonly RestoreJob None = new();

    public RestoreStage Stage { get; init; }
    public Outcome Outcome { get; init; }
    public RestoreRequested? Request { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>The owner may have the site's old content back until then.</summary>
    public DateTimeOffset? UndoUntil { get; init; }
    public DateTimeOffset? RolledBackAt { get; init; }

    /// <summary>When the current stage began.</summary>
    public DateTimeOffset Since { get; init; }
    public DateTimeOffset? RemovedAt { get; init; }
    public DateTimeOffset UpdatedAt { get; init; }
    public PlanFacts? Plan { get; init; }
    public IReadOnlyList<TableMark>? Snapshot { get; init; }
    public StagedFacts? Brought { get; init; }
    public long? HeldMilliseconds { get; init; }
    public IReadOnlyList<string> Warnings { get; init; } = [];
    public StepFault? Fault { get; init; }
    public CloneStep? FaultStep { get; init; }

    /// <summary>Why the site gets its old content again without its owner asking; null if its owner asked.</summary>
    public StepFault? Doubt { get; init; }

    /// <summary>Why the last way back was not gone to its end.</summary>
    public StepFault? RollbackFault { get; init; }
    public int Rollbacks { get; init; }
    public int Reached { get; init; }
    public long Fence { get; init; }
    public int Attempt { get; init; }
    public int Failures { get; init; }
    public int OwnFailures { get; init; }
    public bool StepRunning { get; init; }
    public DateTimeOffset RetryAt { get; init; }
    public IReadOnlyList<Notice> Notices { get; init; } = [];
    public int NoticeAttempt { get; init; }
    public DateTimeOffset NoticeAt { get; init; }

    /// <summary>Earlier restores of the site can no longer be undone, and have still to be told.</summary>
    public bool ReplacesNow { get; init; }

    public CloneStep? NextStep => Stage switch
    {
        RestoreStage.Started => CloneStep.PlanRestore,
        RestoreStage.Planned => CloneStep.StageRestore,
        RestoreStage.Staged => CloneStep.SwapRestore,
        RestoreStage.RollingBack => CloneStep.RollBackRestore,
        RestoreStage.Ending => CloneStep.EndRestore,
        _ => null,
    };

    public bool IsTerminal => Stage is RestoreStage.Ended or RestoreStage.Cancelled;

    public bool IsBuilding => Stage is >= RestoreStage.Requested and <= RestoreStage.Staged;

    /// <summary>No other restore may begin at the site. One that only plans keeps nobody away, nor does one that has come no further.</summary>
    public bool HoldsTarget => Request is { DryRun: false }
        && (IsBuilding || Stage is RestoreStage.RollingBack || (Stage is RestoreStage.Ending && Snapshot is not null && Outcome is not Outcome.Completed));

    /// <summary>Places may have changed, whatever has become of the attempt to.</summary>
    private bool IsInDoubt => Stage is RestoreStage.Staged && Attempt > 0;

    public StepToken? Running(JobId job) => StepRunning && NextStep is { } step ? new StepToken(job, step, Attempt, Fence) : null;

    public IReadOnlyList<IJobEvent> Decide(IJobCommand command, DateTimeOffset now) => (command, Stage) switch
    {
        (RequestRestore { Order: var o } r, RestoreStage.None) =>
        [
            new RestoreRequested(
                r.CloneUrl, o.TargetUrl, r.Tenant, r.CustomerId, r.RequestHash, o.PreservePlugins, o.PreserveThemes, o.OnDrift, o.KeepTables ?? [], now + BuildLimit, now,
                r.SourceJob, o.Base, o.DryRun, r.Notifies, r.TraceParent),
        ],
        (Begin, RestoreStage.Requested) => [new Started(now)],

        (StartStep, _) when NextStep is null || now < RetryAt => [],
        (StartStep, _) when Attempt >= CloneJob.MaxAttempts && IsBuilding => GiveUp(NextStep, StartedTooOften, now),
        (StartStep, RestoreStage.RollingBack) when Attempt >= MaxReturns => NotRolledBack(StartedTooOften, now),
        (StartStep, RestoreStage.Ending) when Attempt >= MaxReturns => [Ended(StartedTooOften, now)],
        (StartStep s, _) => [new StepStarted(NextStep!.Value, Attempt + 1, Fence + 1, s.Node, now)],

        // An answer of an overtaken attempt, or to a step already taken, changes nothing.
        (ReportStep r, _) when !StepRunning || r.Token.Fence != Fence => [],
        (ReportStep { Fault: null } r, _) => Done(r, now),
        (ReportStep { Fault: { } f } r, _) when MayRetry(f, now) => [new StepFailed(r.Token.Step, r.Token.Attempt, f, now + BackOff(f, r.Jitter), now)],
        (ReportStep { Fault: { } f }, RestoreStage.RollingBack) => NotRolledBack(f, now),
        (ReportStep { Fault: { } f }, RestoreStage.Ending) => [Ended(f, now)],
        (ReportStep { Fault: { Code: StepFault.RestoreBrokeSite } f } r, RestoreStage.Staged) => [new RolledBack(f, now), new JobFailed(r.Token.Step, f, now, now)],
        (ReportStep { Fault: { Code: StepFault.TargetChanged } f } r, RestoreStage.Staged) when Attempt == 1 => [new JobFailed(r.Token.Step, f, now, now)],
        (ReportStep { Fault: { } f } r, _) => GiveUp(r.Token.Step, f, now),

        (ReportReplaced r, _) when ReplacesNow => [new EarlierReplaced(r.Jobs, now)],
        (ReportNotice n, _) => NoticeRules.Told(n, Notices, NoticeAttempt, now),

        (RollBack, RestoreStage.Undoable) when now < UndoUntil && Rollbacks < MaxRollbacks => [new RollbackRequested(null, now)],

        (Expire, RestoreStage.Undoable) when now >= UndoUntil => [new Expired(now)],
        (Expire, _) when IsBuilding && now >= Request!.GiveUpAt => GiveUp(NextStep, TookTooLong, now),

        // Before the first step there is nothing to remove. While places change it is too late: that can be undone when it is done.
        (Cancel, _) when IsBuilding && Fence == 0 => [new CancelRequested(now), new Cancelled(now)],
        (Cancel, _) when (IsBuilding && !IsInDoubt) || Stage is RestoreStage.Undoable => [new CancelRequested(now)],
        _ => [],
    };

    public RestoreJob Apply(IJobEvent e) => e switch
    {
        RestoreRequested r => At(RestoreStage.Requested, r) with { Request = r },
        Started s => At(RestoreStage.Started, s) with { StartedAt = s.At },
        StepStarted s => this with { Attempt = s.Attempt, Fence = s.Fence, StepRunning = true, UpdatedAt = s.At },
        StepFailed f => this with { Failures = Failures + 1, OwnFailures = OwnFailures + (IsOurs(f.Fault) ? 0 : 1), StepRunning = false, RetryAt = f.RetryAt, UpdatedAt = f.At },
        Planned p => At(Stage, p) with { Plan = p.Plan, Warnings = p.Plan.Warnings },
        SnapshotTaken s => At(RestoreStage.Planned, s) with { Snapshot = s.Tables },
        Staged s => At(Stage, s) with { Brought = s.Brought, Warnings = [.. Warnings.Union(s.Warnings)] },
        Verified v => At(RestoreStage.Staged, v),
        Swapped s => this with { HeldMilliseconds = s.HeldMilliseconds, StepRunning = false, Warnings = [.. Warnings.Union(s.Warnings)], UpdatedAt = s.At },
        Probed p => this with { UpdatedAt = p.At },
        RestoreCompleted c => At(c.UndoUntil is null ? RestoreStage.Ending : RestoreStage.Undoable, c) with
        {
            Outcome = Outcome.Completed,
            CompletedAt = c.At,
            UndoUntil = c.UndoUntil,
            Reached = 100,
            Notices = Owing(Notice.Completed),
            ReplacesNow = c.UndoUntil is not null,
        },
        RollbackRequested r => At(RestoreStage.RollingBack, r) with { Doubt = r.Fault, RollbackFault = null, Rollbacks = Rollbacks + 1 },
        RolledBack r => At(RestoreStage.Ending, r) with { RolledBackAt = r.At, UndoUntil = null },
        RollbackFailed r => At(RestoreStage.Undoable, r) with { RollbackFault = r.Fault, UndoUntil = r.UndoUntil },
        JobFailed f => Failed(f),
        EarlierReplaced => this with { ReplacesNow = false },
        NoticeDelivered or NoticeFailed { RetryAt: null } => this with { Notices = [.. Notices.Skip(1)], NoticeAttempt = 0, NoticeAt = default },
        NoticeFailed { RetryAt: { } again } n => this with { NoticeAttempt = n.Attempt, NoticeAt = again },
        Expired or CancelRequested => At(RestoreStage.Ending, e) with { UndoUntil = null },
        RestoreEnded r => At(RestoreStage.Ended, r) with { RemovedAt = r.At, ReplacesNow = false, Warnings = [.. Warnings.Union(r.Warnings)] },
        Cancelled c => At(RestoreStage.Cancelled, c) with { Outcome = Outcome.Cancelled, CompletedAt = c.At, RemovedAt = c.At, Notices = Owing(Notice.Cancelled) },
        _ => throw new UnreachableException($"RestoreJob does not know {e.GetType().Name}."),
    };

    /// <summary>If it is not known what the site holds, its old content can still be asked for.</summary>
    private RestoreJob Failed(JobFailed f) => (Stage is RestoreStage.Undoable or RestoreStage.Ending ? this with { UpdatedAt = f.At } : At(RestoreStage.Ending, f)) with
    {
        Outcome = Outcome.Failed,
        Fault = f.Fault,
        FaultStep = f.Step,
        CompletedAt = f.At,
        Notices = Owing(Notice.Failed),
    };

    private RestoreJob At(RestoreStage stage, IJobEvent e) => this with
    {
        Stage = stage,
        Since = stage == Stage ? Since : e.At,
        Attempt = 0,
        Failures = 0,
        OwnFailures = 0,
        StepRunning = false,
        RetryAt = default,
        Reached = Math.Max(Reached, ProgressOf(stage)),
        UpdatedAt = e.At,
    };

    private IReadOnlyList<IJobEvent> Done(ReportStep report, DateTimeOffset now) => report.Token.Step switch
    {
        CloneStep.PlanRestore => Judged(report.Facts.Plan!.Bounded(), report.Facts.Snapshot ?? [], now),
        CloneStep.StageRestore => [new Staged(report.Facts.Staged!, report.Facts.Warnings, now), new Verified(now)],
        CloneStep.SwapRestore =>
            [new Swapped(Left(report.Facts.Swap!.Tables), report.Facts.Swap.HeldMilliseconds, report.Facts.Warnings, now), new Probed(now), new RestoreCompleted(now + UndoLimit, now)],
        CloneStep.RollBackRestore => Doubt is { } doubt ? [new RolledBack(null, now), new JobFailed(CloneStep.SwapRestore, doubt, now, now)] : [new RolledBack(null, now)],
        CloneStep.EndRestore => [Ended(null, now, report.Facts.Warnings)],
        _ => throw new UnreachableException($"No event tells that {report.Token.Step} is done."),
    };

    /// <summary>What was staged counts as it was then: visitors are back by the time the site is looked at, and what they bring is not the restore's.</summary>
    private IReadOnlyList<TableMark> Left(IReadOnlyList<TableMark> seen) =>
        Brought?.Marks is { } marks ? [.. marks, .. seen.ExceptBy(marks.Select(mark => mark.Name), mark => mark.Name, StringComparer.Ordinal)] : seen;

    /// <summary>What stands in the way ends a restore, and is all that a dry run wants to know.</summary>
    private IReadOnlyList<IJobEvent> Judged(PlanFacts plan, IReadOnlyList<TableMark> snapshot, DateTimeOffset now)
    {
        var planned = new Planned(plan, now);
        if (Request!.DryRun) return [planned, new RestoreCompleted(null, now)];
        return Obstacle(plan) is { } fault ? [planned, new JobFailed(CloneStep.PlanRestore, fault, now, now)] : [planned, new SnapshotTaken(snapshot, now)];
    }

    /// <summary>Where places may have changed, the site gets its old content again before it is said that the job has failed.</summary>
    private IReadOnlyList<IJobEvent> GiveUp(CloneStep? step, StepFault fault, DateTimeOffset now)
    {
        if (IsInDoubt) return [new RollbackRequested(fault, now)];
        var failed = new JobFailed(step, fault, now, now);
        return Fence == 0 ? [failed, new RestoreEnded(null, [], now)] : [failed];
    }

    private IReadOnlyList<IJobEvent> NotRolledBack(StepFault fault, DateTimeOffset now)
    {
        var failed = new RollbackFailed(fault, UndoUntil ?? now + UndoLimit, now);
        return Doubt is null ? [failed] : [failed, new JobFailed(CloneStep.RollBackRestore, Unknown(fault), now, now)];
    }

    private IJobEvent Ended(StepFault? fault, DateTimeOffset now, IReadOnlyList<string>? warnings = null) =>
        Outcome is Outcome.Open ? new Cancelled(now) : new RestoreEnded(fault, warnings ?? [], now);
}
