using CloneHub.Contracts;
using CloneHub.Jobs.GetJobStatus;
using CloneHub.Jobs.Journal;

namespace CloneHub.Jobs;

/// <summary>Has the clones removed that a new one of the same tenant and label replaces. May be asked any number of times.</summary>
internal sealed class EarlierClones(JobStore store, JobReader reader)
{
    /// <summary>Only clones that serve, and only of jobs accepted before this one: of two that replace each other the later stays.</summary>
    /// <returns>Those that were asked to go.</returns>
    public async Task<IReadOnlyList<JobId>> RemoveAsync(JobId job, CloneRequested request)
    {
        var asked = new List<JobId>();
        if (JobLabel.Of(request) is not { } label) return asked;
        foreach (var earlier in await store.EarlierAsync(label, request.At))
        {
            if (earlier == job || (await reader.AskAsync(earlier, CancellationToken.None)).Job.Stage is not Stage.Serving) continue;
            await reader.RequestRemovalAsync(earlier, CancellationToken.None);
            asked.Add(earlier);
        }

        return asked;
    }
}
