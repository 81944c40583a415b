using CloneHub.Contracts;

namespace CloneHub.Jobs.GetJobStatus;

/// <summary>
/// What the event log has said of jobs that rest, of a thousand of them. It holds for as long as the journal has no newer event: who asks the journal
/// spares a question to PostgreSQL.
/// </summary>
internal sealed class RestingViews
{
    private const int Remembered = 1_000;

    private readonly OrderedDictionary<JobId, JobStatusView> _views = [];
    private readonly Lock _gate = new();

    public JobStatusView? Find(JobId job)
    {
        lock (_gate) return _views.GetValueOrDefault(job);
    }

    public void Remember(JobId job, JobStatusView view)
    {
        lock (_gate)
        {
            _views[job] = view;
            if (_views.Count > Remembered) _views.RemoveAt(0);
        }
    }
}
