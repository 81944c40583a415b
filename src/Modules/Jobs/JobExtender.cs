using CloneHub.Contracts;
using CloneHub.Jobs.Api;
using CloneHub.Jobs.GetJobStatus;

namespace CloneHub.Jobs;

/// <summary>Has a job give its clone more time, and tells from the answer whether it did.</summary>
internal sealed class JobExtender(JobReader reader, TimeProvider clock) : IJobExtender
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public async Task<JobSnapshot?> ExtendAsync(JobId job, TimeSpan ttl, CancellationToken cancellation)
    {
        var asked = clock.GetUtcNow();
        var state = await reader.AskAsync(new ExtendJob(job, ttl), Patience, cancellation);
        return state.Job.Stage is Stage.Serving && state.Job.ExpiresAt >= asked + ttl ? JobSnapshots.Of(state) : null;
    }
}
