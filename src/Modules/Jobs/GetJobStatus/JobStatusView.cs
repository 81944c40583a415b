using CloneHub.Jobs.Api;
using JasperFx.Events;
using Marten.Events.Aggregation;

namespace CloneHub.Jobs.GetJobStatus;

/// <summary>
/// Where one job stands, as the event log knows it. It folds the events with the lifecycle itself, so that the status a client reads
/// and the state the job's actor decides on cannot differ.
/// </summary>
internal sealed class JobStatusView
{
    public required string Id { get; init; }

    /// <summary>Events folded so far; equals the version of the stream.</summary>
    public long Version { get; init; }

    public required IJob Job { get; init; }

    /// <summary>Copied out of <see cref="Job"/> so that lists can be filtered by it.</summary>
    public string? Tenant { get; init; }

    public string? CustomerId { get; init; }

    public string? Status { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>How <see cref="Status"/> is written.</summary>
    public static string NameOf(JobStatus status) => status.ToString().ToLowerInvariant();

    public JobStatusView After(IJobEvent e, long version)
    {
        var job = Job.After(e);
        return new JobStatusView
        {
            Id = Id,
            Version = version,
            Job = job,
            Tenant = job.Request?.Tenant,
            CustomerId = job.Request?.CustomerId,
            Status = job.Status,
            CreatedAt = job.Request?.At ?? default,
        };
    }
}

/// <summary>Keeps <see cref="JobStatusView"/> in the same transaction as the events, because callers ask right after they were answered.</summary>
internal sealed partial class JobStatusProjection : SingleStreamProjection<JobStatusView, string>
{
    public override JobStatusView Evolve(JobStatusView? snapshot, string id, IEvent e) =>
        (snapshot ?? new JobStatusView { Id = id, Job = Lifecycles.None }).After((IJobEvent)e.Data, e.Version);
}
