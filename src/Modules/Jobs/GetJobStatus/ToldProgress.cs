using CloneHub.Contracts;
using CloneHub.Jobs.Api;

namespace CloneHub.Jobs.GetJobStatus;

/// <summary>
/// What this node has told of jobs: how far they were, and by which event. Redis keeps the same across restarts; this is for the time without
/// Redis, when a job may not answer and the event log is behind or knows only the stages. It remembers those that were asked for last.
/// </summary>
internal sealed class ToldProgress
{
    private const int Remembered = 10_000;

    private readonly Dictionary<JobId, (int Percent, long Version)> _told = [];
    private readonly Queue<JobId> _order = [];
    private readonly Lock _gate = new();

    /// <summary>The snapshot, with no less progress than was told before.</summary>
    public JobSnapshot AtLeast(JobSnapshot snapshot)
    {
        lock (_gate)
        {
            if (!_told.TryGetValue(snapshot.Job, out var before)) _order.Enqueue(snapshot.Job);
            var percent = Math.Max(before.Percent, snapshot.Progress);
            _told[snapshot.Job] = (percent, Math.Max(before.Version, snapshot.Version));
            if (_order.Count > Remembered) _told.Remove(_order.Dequeue());
            return snapshot with { Progress = percent };
        }
    }

    /// <summary>True if a later event of the job was told of than this one.</summary>
    public bool IsAfter(JobId job, long version)
    {
        lock (_gate) return _told.TryGetValue(job, out var told) && told.Version > version;
    }
}
