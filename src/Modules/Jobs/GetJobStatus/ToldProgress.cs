using CloneHub.Contracts;
using CloneHub.Jobs.Api;

namespace CloneHub.Jobs.GetJobStatus;

/// <summary>
/// What this node has told of jobs: how far they were, and whether they ran or had ended. This is for the time without Redis, when a job may
/// not answer and the event log is behind or knows only the stages. It remembers those that were asked for last.
/// </summary>
internal sealed class ToldProgress
{
    private const int Remembered = 10_000;

    private readonly Dictionary<JobId, (int Percent, int Rank)> _told = [];
    private readonly Queue<JobId> _order = [];
    private readonly Lock _gate = new();

    /// <summary>The snapshot, with no less progress than was told before.</summary>
    public JobSnapshot AtLeast(JobSnapshot snapshot)
    {
        lock (_gate)
        {
            if (!_told.TryGetValue(snapshot.Job, out var before)) _order.Enqueue(snapshot.Job);
            var percent = Math.Max(before.Percent, snapshot.Progress);
            _told[snapshot.Job] = (percent, Math.Max(before.Rank, RankOf(snapshot.Status)));
            if (_order.Count > Remembered) _told.Remove(_order.Dequeue());
            return snapshot with { Progress = percent };
        }
    }

    /// <summary>True if more was told of the job than that it is in this status.</summary>
    public bool IsBeyond(JobId job, JobStatus status)
    {
        lock (_gate) return _told.TryGetValue(job, out var told) && told.Rank > RankOf(status);
    }

    private static int RankOf(JobStatus status) => status switch
    {
        JobStatus.Pending => 0,
        JobStatus.Running => 1,
        _ => 2,
    };
}
