using Akka.Actor;
using CloneHub.Contracts;
using CloneHub.Jobs.Api;
using CloneHub.Jobs.FollowJob;

namespace CloneHub.Jobs.ListJobs;

/// <summary>
/// The jobs that this node accepted last, for lists: the projection holds a job some milliseconds after its acceptance, and later while
/// PostgreSQL is behind, but whoever was answered 202 finds the job in the list at once. After a restart the projection alone is asked.
/// </summary>
internal sealed class NewJobs
{
    /// <summary>About a megabyte. Where more wait for the event log the oldest of them appear when it has them.</summary>
    private const int Most = 1000;

    /// <summary>What is older by now is in the projection, or waits for PostgreSQL. A message between nodes must not grow without bound.</summary>
    private static readonly TimeSpan JustNow = TimeSpan.FromSeconds(30);
    private const int MostJustNow = 100;
    private static readonly TimeSpan PatienceWithNodes = TimeSpan.FromSeconds(2);

    private readonly OrderedDictionary<JobId, (JobSnapshot Job, long Added)> _jobs = [];
    private readonly Lock _gate = new();

    /// <summary>Who knows what other nodes have accepted; null where there are none.</summary>
    public IActorRef? Exchange { get; set; }

    public void Add(JobSnapshot job)
    {
        lock (_gate)
        {
            _jobs[job.Job] = (job, TimeProvider.System.GetTimestamp());
            if (_jobs.Count > Most) _jobs.RemoveAt(0);
        }
    }

    /// <summary>Those that any node has accepted last.</summary>
    public async Task<IReadOnlyList<JobSnapshot>> OfAllNodesAsync(string tenant)
    {
        if (Exchange is null) return Of(tenant);
        try
        {
            var others = await Exchange.Ask<NewJobsOf>(new GetNewJobs(tenant), PatienceWithNodes);
            return [.. Of(tenant), .. others.Jobs];
        }
        catch (AskTimeoutException)
        {
            // A list that lacks what was accepted elsewhere in this second is better than none.
            return Of(tenant);
        }
    }

    /// <param name="justNow">Only those of the last half minute.</param>
    public IReadOnlyList<JobSnapshot> Of(string tenant, bool justNow = false)
    {
        lock (_gate)
        {
            var found = _jobs.Values.Where(entry => entry.Job.Tenant == tenant);
            if (justNow) found = found.Where(entry => TimeProvider.System.GetElapsedTime(entry.Added) < JustNow).TakeLast(MostJustNow);
            return [.. found.Select(entry => entry.Job)];
        }
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
