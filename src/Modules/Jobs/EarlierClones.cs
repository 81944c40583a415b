using CloneHub.Contracts;
using CloneHub.Jobs.GetJobStatus;
using CloneHub.Jobs.Journal;

namespace CloneHub.Jobs;

/// <param name="Gone">Earlier jobs whose clones do not serve any more, in the order of their acceptance.</param>
/// <param name="IsReplaced">A later job took this one's place before it served.</param>
internal sealed record Replacement(IReadOnlyList<JobId> Gone, bool IsReplaced);

/// <summary>Has what a new job replaces make way: clones of the same tenant and label, or the day of undo of earlier restores of a site. May be asked any number of times.</summary>
internal sealed class EarlierClones(JobStore store, JobReader reader)
{
    public Task<Replacement> RemoveAsync(JobId job, IJobRequest request) => request is RestoreRequested restore ? EndUndoAsync(job, restore) : RemoveClonesAsync(job, request);

    /// <summary>
    /// Only clones that serve. Of two that replace each other the later accepted stays, whichever serves first: each looks once it serves,
    /// so the one that looks last sees the other.
    /// </summary>
    private async Task<Replacement> RemoveClonesAsync(JobId job, IJobRequest request)
    {
        if (JobLabel.Of(request) is not { } label) return new Replacement([], IsReplaced: false);
        var (earlier, later) = await store.AroundAsync(label, job, request.At);
        var gone = new List<JobId>();
        foreach (var other in earlier)
        {
            if ((await reader.AskAsync(other, CancellationToken.None)).Job is not CloneJob { Stage: Stage.Serving }) continue;
            if (await reader.RequestRemovalAsync(other, CancellationToken.None) is { Serves: false }) gone.Add(other);
        }

        return new Replacement(gone, await ServesReplacingAsync(later));
    }

    /// <summary>Places have changed again: the way back of an earlier restore leads nowhere. Of another tenant's nothing is told.</summary>
    private async Task<Replacement> EndUndoAsync(JobId job, RestoreRequested request)
    {
        var gone = new List<JobId>();
        foreach (var other in (await store.AroundAsync(JobLabel.Of(request)!, job, request.At)).Earlier)
        {
            if ((await reader.AskAsync(other, CancellationToken.None)).Job is not RestoreJob { Stage: RestoreStage.Undoable } earlier) continue;
            await reader.RequestRemovalAsync(other, CancellationToken.None);
            if (earlier.Request!.Tenant == request.Tenant) gone.Add(other);
        }

        return new Replacement(gone, IsReplaced: false);
    }

    private async Task<bool> ServesReplacingAsync(IReadOnlyList<JobId> later)
    {
        foreach (var other in later)
        {
            if ((await reader.AskAsync(other, CancellationToken.None)).Job is CloneJob { Stage: Stage.Serving, Request.Replaces: true }) return true;
        }

        return false;
    }
}
