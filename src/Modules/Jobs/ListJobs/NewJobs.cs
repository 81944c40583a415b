using CloneHub.Contracts;
using CloneHub.Jobs.Api;

namespace CloneHub.Jobs.ListJobs;

/// <summary>
/// The jobs that this node accepted last, for lists: the projection holds a job some milliseconds after its acceptance, and later while
/// PostgreSQL is behind, but whoever was answered 202 finds the job in the list at once. After a restart the projection alone is asked.
/// </summary>
internal sealed class NewJobs
{
    /// <summary>About a megabyte. Where more wait for the event log the oldest of them appear when it has them.</summary>
    private const int Most = 1000;

    private readonly OrderedDictionary<JobId, JobSnapshot> _jobs = [];
    private readonly Lock _gate = new();

    public void Add(JobSnapshot job)
    {
        lock (_gate)
        {
            _jobs[job.Job] = job;
            if (_jobs.Count > Most) _jobs.RemoveAt(0);
        }
    }

    public IReadOnlyList<JobSnapshot> Of(string tenant)
    {
        lock (_gate) return [.. _jobs.Values.Where(job => job.Tenant == tenant)];
    }

    /// <summary>The projection holds these.</summary>
    public void Forget(IEnumerable<JobId> jobs)
    {
        lock (_gate)
        {
            foreach (var job in jobs) _jobs.Remove(job);
        }
    }
}
