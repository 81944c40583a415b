using CloneHub.Contracts;
using CloneHub.Jobs.GetJobStatus;
using CloneHub.Jobs.Journal;

namespace CloneHub.Jobs;

/// <param name="Gone">Earlier jobs whose clones do not serve any more, in the order of their acceptance.</param>
/// <param name="IsReplaced">A later job took this one's place before it served.</param>
internal sealed record Replacement(IReadOnlyList<JobId> Gone, bool IsReplaced);

/// <summary>Has the clones removed that a new one of the same tenant and label replaces. May be asked any number of times.</summary>
internal sealed class EarlierClones(JobStore store, JobReader reader)
{
    /// <summary>
    /// Only clones that serve. Of two that replace each other the later accepted stays, whichever serves first: each looks once it serves,
    /// so the one that looks last sees the other.
    /// </summary>
    public async Task<Replacement> RemoveAsync(JobId job, CloneRequested request)
    {
        if (JobLabel.Of(request) is not { } label) return new Replacement([], IsReplaced: false);
        var (earlier, later) = await store.AroundAsync(label, job, request.At);
        var gone = new List<JobId>();
        foreach (var other in earlier)
        {
            if ((await reader.AskAsync(other, CancellationToken.None)).Job.Stage is not Stage.Serving) continue;
            if (await reader.RequestRemovalAsync(other, CancellationToken.None) is { Serves: false }) gone.Add(other);
        }

        return new Replacement(gone, await ServesReplacingAsync(later));
    }

    private async Task<bool> ServesReplacingAsync(IReadOnlyList<JobId> later)
    {
        foreach (var other in later)
        {
            if ((await reader.AskAsync(other, CancellationToken.None)).Job is { Stage: Stage.Serving, Request.Replaces: true }) return true;
        }

        return false;
    }
}
