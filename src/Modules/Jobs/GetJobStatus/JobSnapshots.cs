using System.Diagnostics;
using System.Text.Json;
using CloneHub.Contracts;
using CloneHub.Jobs.Api;

namespace CloneHub.Jobs.GetJobStatus;

/// <summary>What the API tells of a job, from its state.</summary>
internal static class JobSnapshots
{
    public static JobSnapshot Of(JobState state) => Of(state.Id, state.Job, state.Version, state.Fraction, state.Doing);

    public static JobSnapshot Of(JobId id, IJob job, long version, double fraction = 0, string? doing = null)
    {
        var common = new JobSnapshot
        {
            Job = id,
            Tenant = job.Request!.Tenant,
            CustomerId = job.Request.CustomerId,
            Type = job.Type,
            Status = Enum.Parse<JobStatus>(job.Status, ignoreCase: true),
            Progress = job.Progress(fraction),
            Message = job.IsBuilding && job.StepRunning && doing is not null ? doing : job.Message,
            CreatedAt = job.Request.At,
            UpdatedAt = job.UpdatedAt,
            StartedAt = job.StartedAt,
            CompletedAt = job.CompletedAt,
            IsTerminal = job.IsTerminal,
            Error = job.Fault is { } fault ? new JobError(fault.Code, fault.Message, fault.Hint, NameOf(job.FaultStep), fault.Retryable) : null,
            Version = version,
        };
        return job switch
        {
            CloneJob clone => Of(common, clone),
            RestoreJob restore => common with { Restore = Of(restore) },
            _ => throw new UnreachableException($"{job.GetType().Name} is no lifecycle."),
        };
    }

    private static JobSnapshot Of(JobSnapshot common, CloneJob job) => common with
    {
        ExpiresAt = job.ExpiresAt,
        Serves = job.Stage is Stage.Serving,
        Result = job.CloneUrl is { } url ? new CloneOutcome(url, job.Username!, NameOf(job.Request!.Fidelity), job.Content, job.Warnings, job.RemovedAt, MediaOf(job)) : null,
        Awaited = job is { IsBuilding: true, Awaited: { } awaited } ? new RequiredAction(awaited.Code, awaited.Message, awaited.Hint, job.Request!.GiveUpAt) : null,
    };

    public static MediaState? MediaOf(CloneJob job) => job.Awaits is { } awaits ? new MediaState(awaits, job.MediaNow, job.Media) : null;

    private static RestoreState Of(RestoreJob job) => new(
        job.Request!.TargetUrl, job.Request.CloneUrl, job.Request.SourceJob, job.Request.DryRun, job.Plan, job.Brought is { } brought ? brought with { Marks = null } : null, job.HeldMilliseconds,
        job.Stage is RestoreStage.Undoable ? job.UndoUntil : null, job.RolledBackAt, job.Warnings);

    public static string NameOf(CloneFidelity fidelity) => fidelity is CloneFidelity.Public ? "public" : "full";

    public static string? NameOf(CloneStep? step) => step is { } s ? JsonNamingPolicy.SnakeCaseLower.ConvertName(s.ToString()) : null;

    public static string NameOf(Notice notice) => JsonNamingPolicy.SnakeCaseLower.ConvertName(notice.ToString());
}
