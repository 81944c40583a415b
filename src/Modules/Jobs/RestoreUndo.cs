using CloneHub.Contracts;
using CloneHub.Jobs.Api;
using CloneHub.Jobs.GetJobStatus;
using CloneHub.Jobs.Journal;

namespace CloneHub.Jobs;

/// <summary>
/// Has a job undo its restore, and tells from the answer whether it will. The site is taken first, as by a new restore; one that is accepted in the same moment finds it
/// being changed, and says so.
/// </summary>
internal sealed class RestoreUndo(JobStore store, JobReader reader) : IRestoreUndo
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public async Task<Undo> RollBackAsync(JobId job, CancellationToken cancellation)
    {
        var before = await reader.AskAsync(job, cancellation);
        if (before.Job is not RestoreJob { Stage: RestoreStage.Undoable } restore) return new Undo(JobSnapshots.Of(before), ResultOf(before));
        var site = JobLabel.TargetOf(restore.Request!.TargetUrl);
        if (await IsTakenAsync(site, job, cancellation)) return new Undo(JobSnapshots.Of(before), UndoResult.TargetTaken);

        var state = await reader.AskAsync(new RollBackJob(job), Patience, cancellation);
        if (state.Job is RestoreJob { HoldsTarget: false }) await store.ReleaseTargetAsync(site, job);
        return new Undo(JobSnapshots.Of(state), ResultOf(state));
    }

    private async Task<bool> IsTakenAsync(string site, JobId job, CancellationToken cancellation)
    {
        var holder = await store.TakeTargetAsync(site, job);
        if (holder == job) return false;
        if ((await reader.AskAsync(holder, cancellation)).Job is RestoreJob { HoldsTarget: true }) return true;
        await store.ReleaseTargetAsync(site, holder);
        return await store.TakeTargetAsync(site, job) != job;
    }

    /// <summary>One that was undone before is undone.</summary>
    private static UndoResult ResultOf(JobState state) =>
        state.Job is RestoreJob { Stage: RestoreStage.RollingBack } or RestoreJob { RolledBackAt: not null } ? UndoResult.RollingBack : UndoResult.NotUndoable;
}
