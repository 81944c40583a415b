using CloneHub.Contracts;
using CloneHub.Jobs.Api;
using CloneHub.Jobs.GetJobStatus;

namespace CloneHub.Jobs;

/// <summary>Has a job give its clone more time, and tells from the answer whether it did.</summary>
internal sealed class JobExtender(JobReader reader, TimeProvider clock) : IJobExtender
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public async Task<Extension> ExtendAsync(JobId job, TimeSpan ttl, CancellationToken cancellation)
    {
        var asked = clock.GetUtcNow();
        var state = await reader.AskAsync(new ExtendJob(job, ttl), Patience, cancellation);
        return new Extension(JobSnapshots.Of(state), ResultOf(state.Job, asked, ttl));
    }

    /// <summary>The job counts from the moment it hears of it, which is a little later.</summary>
    private ExtensionResult ResultOf(IJob state, DateTimeOffset asked, TimeSpan ttl)
    {
        var heard = clock.GetUtcNow();
        if (state is not CloneJob { Stage: Stage.Serving } job || job.ExpiresAt <= heard) return ExtensionResult.NotServing;
        return job.EndsAround(asked + ttl) || job.EndsAround(heard + ttl) ? ExtensionResult.Extended : ExtensionResult.TooOften;
    }
}
