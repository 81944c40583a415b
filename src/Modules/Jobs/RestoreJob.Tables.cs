using System.Diagnostics;
using System.Globalization;
using CloneHub.Contracts;

namespace CloneHub.Jobs;

/// <summary>The numbers and words of a restore: limits, progress, messages.</summary>
public sealed partial record RestoreJob : IJob
{
    /// <summary>From the request to the change of places, waiting included.</summary>
    public static readonly TimeSpan BuildLimit = CloneJob.BuildLimit;

    /// <summary>Since places changed. The connector on the site lives for this, for <see cref="BuildLimit"/> before it, and for <see cref="ReturnLimit"/> after it.</summary>
    public static readonly TimeSpan UndoLimit = TimeSpan.FromHours(24);

    /// <summary>A way back, and the removal of what was laid aside, are given up when they have been tried for so long and <see cref="MinReturns"/> times at least.</summary>
    public static readonly TimeSpan ReturnLimit = TimeSpan.FromHours(1);

    public const int MinReturns = 5;

    /// <summary>Starts of such a step, crashes included.</summary>
    public const int MaxReturns = 40;

    /// <summary>Orders to roll one restore back: its stream has to stay short.</summary>
    public const int MaxRollbacks = 10;

    private const int MostNamed = 10;

    private static readonly StepFault StartedTooOften = new(
        "STEP_STARTED_TOO_OFTEN", "The step was interrupted too many times.", "Ask the operator to look at the node's log, then request the restore again.", false);

    private static readonly StepFault TookTooLong = new(
        "JOB_TIMED_OUT", "The site did not have the clone's content within two hours. It has its own.", "Check that clone and site answer quickly, then request the restore again.", false);

    private static StepFault Unknown(StepFault fault) => new(
        "ROLLBACK_FAILED", $"It is not known whether the site has the clone's content or its own: it could not be given its own again. {fault.Message}",
        "See that the site answers; then ask for the rollback again, which is possible for a day.", false);

    /// <summary>Null if nothing stands in the way.</summary>
    private StepFault? Obstacle(PlanFacts plan)
    {
        if (plan.Obstacles.Count > 0)
            return new StepFault("RESTORE_UNSUPPORTED", $"The site cannot be restored: {string.Join("; ", plan.Obstacles.Take(MostNamed))}.", "Put that right on the site, then request the restore again.", false);
        var lost = plan.Drift.Where(drift => !drift.Stays).ToList();
        if (lost.Count == 0 || Request!.OnDrift is OnDrift.Overwrite) return null;
        var named = string.Join(", ", lost.Take(MostNamed).Select(NameOf)) + (lost.Count > MostNamed ? $", and {lost.Count - MostNamed} more" : "");
        return new StepFault(
            StepFault.TargetChanged, $"The site has changed since the clone was made, and this would be lost: {named}.",
            "Request the restore with on_drift 'keep_tables' and the tables that shall stay, or with 'overwrite'; or make a new clone.", false);
    }

    private static string NameOf(TableDrift drift)
    {
        var kind = drift.Kind is DriftKind.Other ? "rows" : drift.Kind.ToString().ToLowerInvariant();
        return drift.Added is > 0 and var added ? string.Create(CultureInfo.InvariantCulture, $"{added} new {kind} in {drift.Table}") : $"{kind} in {drift.Table}";
    }

    private bool MayRetry(StepFault fault, DateTimeOffset now) => fault.Retryable && (Stage, fault) switch
    {
        (RestoreStage.RollingBack or RestoreStage.Ending, _) => Failures + 1 < MinReturns || now < Since + ReturnLimit,
        _ when IsOurs(fault) => Failures + 1 < CloneJob.MaxAttempts,
        _ => OwnFailures + 1 < CloneJob.MaxFailures,
    };

    private static bool IsOurs(StepFault fault) => CloneJob.IsOurs(fault);

    /// <summary>Doubles with every failure up to a minute (five where nobody waits), and falls between half of that and all of it. Another worker need not wait.</summary>
    private TimeSpan BackOff(StepFault fault, double jitter)
    {
        if (fault.Code == StepFault.WorkerLost) return TimeSpan.Zero;
        var limit = IsBuilding ? 60 : 300;
        return TimeSpan.FromSeconds(Math.Min(limit, Math.Pow(2, Math.Min(Failures, 10))) * (1 + jitter) / 2);
    }

    private IReadOnlyList<Notice> Owing(Notice notice) => Request is { Notifies: true } ? [.. Notices, notice] : Notices;

    IJobRequest? IJob.Request => Request;

    string IJob.Type => "restore";

    bool IJob.IsWaiting => Stage is RestoreStage.Requested;

    bool IJob.HasClone => false;

    bool IJob.NeedsLogIns => Stage <= RestoreStage.Planned;

    StepFault? IJob.Awaited => null;

    IJob IJob.Apply(IJobEvent e) => Apply(e);

    CloneOrder IJob.Order(JobId job) => new(job, Request!.CloneUrl, Request.Tenant, Request.CustomerId, Restore: new RestoreOrder(
        Request.TargetUrl, Request.PreservePlugins, Request.PreserveThemes, Request.OnDrift, Request.KeepTables, Request.DryRun,
        Stage is RestoreStage.Started ? Request.Base : null, Stage is RestoreStage.Staged ? Snapshot : null, IsMarked: Stage is RestoreStage.Staged && Brought?.Marks is not null));

    /// <summary>When this job must be looked at again though nobody asks; null while a step decides what comes next.</summary>
    public DateTimeOffset? Deadline => Stage switch
    {
        RestoreStage.Undoable => UndoUntil,
        RestoreStage.Ended or RestoreStage.Cancelled => RemovedAt + CloneJob.JournalRetention,
        _ when IsBuilding => Request!.GiveUpAt,
        _ => null,
    };

    public string Status => Outcome switch
    {
        Outcome.Completed => "completed",
        Outcome.Failed => "failed",
        Outcome.Cancelled => "cancelled",
        _ => Stage is RestoreStage.Requested ? "pending" : "running",
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
        RestoreStage.None => "",
        RestoreStage.Requested => "Waiting for a free slot…",
        RestoreStage.Started => Retrying("Comparing clone and site…"),
        RestoreStage.Planned => Retrying("Bringing the clone's content to the site, beside what is there…"),
        RestoreStage.Staged => Retrying("Changing places and looking at the site…"),
        RestoreStage.RollingBack => Retrying("Giving the site its old content again…"),
        RestoreStage.Undoable when RollbackFault is { } fault && Outcome is Outcome.Completed => $"The site could not be given its old content again: {fault.Message}",
        RestoreStage.Cancelled => "The job was cancelled.",
        RestoreStage.Ending when Outcome is Outcome.Open => "Cancelling…",
        _ => Result,
    };

    private string Result => Outcome switch
    {
        Outcome.Failed => Fault!.Message,
        _ when Request!.DryRun => "The plan is made; nothing was changed.",
        _ when RolledBackAt is not null => "The site has its old content again.",
        _ => "The site has the clone's content.",
    };

    /// <summary>The longest one attempt of a step may take before it counts as failed.</summary>
    public static TimeSpan LimitOf(CloneStep step) => step switch
    {
        CloneStep.PlanRestore => TimeSpan.FromMinutes(10),
        CloneStep.StageRestore => TimeSpan.FromMinutes(60),
        CloneStep.SwapRestore => TimeSpan.FromMinutes(5),
        CloneStep.RollBackRestore => TimeSpan.FromMinutes(5),
        CloneStep.EndRestore => TimeSpan.FromMinutes(5),
        _ => throw new UnreachableException($"No limit for {step} in a restore."),
    };

    TimeSpan IJob.LimitOf(CloneStep step) => LimitOf(step);

    StepFault IJob.TimedOut(CloneStep step) => new(
        "STEP_TIMED_OUT", $"The step took longer than {LimitOf(step).TotalMinutes:0} minutes.", "It is tried again; if it goes on, check how fast the site answers.", true);

    private static int ProgressOf(RestoreStage stage) => stage switch
    {
        RestoreStage.Started => 5,
        RestoreStage.Planned => 15,
        RestoreStage.Staged => 90,
        RestoreStage.Undoable => 100,
        _ => 0,
    };

    private string Retrying(string doing) => Failures == 0 || StepRunning ? doing : $"{doing} (attempt {Failures} failed, trying again)";
}
