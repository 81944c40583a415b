using CloneHub.Contracts;

namespace CloneHub.Jobs.GetJobStatus;

/// <summary>
/// Jobs that said a moment ago that they are at work, a thousand of them. They most probably still are: the event log is behind them, so who asks again asks the job at once and
/// spares a question to PostgreSQL.
/// </summary>
internal sealed class JobsAtWork(TimeProvider clock)
{
    private const int Remembered = 1_000;
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(5);

    private readonly Dictionary<JobId, long> _said = [];
    private readonly Lock _gate = new();

    public bool Contains(JobId job)
    {
        lock (_gate) return _said.TryGetValue(job, out var at) && clock.GetElapsedTime(at) < Moment;
    }

    public void Note(JobId job, bool isAtWork)
    {
        lock (_gate)
        {
            if (!isAtWork)
            {
                _said.Remove(job);
                return;
            }

            // Whoever is asked about again is soon known again.
            if (_said.Count >= Remembered && !_said.ContainsKey(job)) _said.Clear();
            _said[job] = clock.GetTimestamp();
        }
    }
}
