using CloneHub.Contracts;
using CloneHub.Jobs.Api;

namespace CloneHub.Jobs.GetJobStatus;

/// <summary>
/// What this node has told of the progress of unfinished jobs. Redis keeps the same across restarts; this is for the time without Redis,
/// when a job may not answer and the event log knows only the stages. It remembers those that were asked for last.
/// </summary>
internal sealed class ToldProgress
{
    private const int Remembered = 10_000;

    private readonly Dictionary<JobId, int> _percent = [];
    private readonly Queue<JobId> _order = [];
    private readonly Lock _gate = new();

    /// <summary>The snapshot, with no less progress than was told before.</summary>
    public JobSnapshot AtLeast(JobSnapshot snapshot)
    {
        if (snapshot.Progress == 100) return snapshot;
        lock (_gate)
        {
            var known = _percent.TryGetValue(snapshot.Job, out var before);
            if (!known) _order.Enqueue(snapshot.Job);
            var percent = _percent[snapshot.Job] = Math.Max(before, snapshot.Progress);
            if (_order.Count > Remembered) _percent.Remove(_order.Dequeue());
            return snapshot with { Progress = percent };
        }
    }
}
