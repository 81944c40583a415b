using CloneHub.Contracts;
using CloneHub.Jobs.GetJobStatus;
using CloneHub.Jobs.Journal;

namespace CloneHub.Jobs;

/// <summary>What Cleanup may know.</summary>
internal sealed class JobDirectory(JobStore store, JobReader reader) : IJobDirectory
{
    public Task<IReadOnlyList<JobId>> DueAsync(DateTimeOffset now, int skip, int limit, CancellationToken cancellation) =>
        store.DueAsync(now, limit, skip).WaitAsync(cancellation);

    public Task<DateTimeOffset?> DeadlineAsync(JobId job, CancellationToken cancellation) => store.DeadlineAsync(job).WaitAsync(cancellation);

    public async Task<JobPresence> PresenceAsync(JobId job, CancellationToken cancellation)
    {
        // A job that both stores know is not woken for the question; one that Redis has lost is, and comes back by it.
        if (await reader.IsTerminalAsync(job, cancellation) is { } isTerminal)
        {
            if (isTerminal) return JobPresence.Gone;
            if (await store.IsLiveAsync(job).WaitAsync(cancellation)) return JobPresence.Live;
        }

        if (!await reader.ExistsAsync(job, cancellation)) return JobPresence.Unknown;
        var state = await reader.AskAsync(job, cancellation);
        return state.Job.IsTerminal ? JobPresence.Gone : JobPresence.Live;
    }
}
