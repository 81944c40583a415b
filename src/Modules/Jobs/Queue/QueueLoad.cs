using CloneHub.Contracts;

namespace CloneHub.Jobs.Queue;

/// <summary>
/// What those who only look know of the queue: how long it is, and how much a tenant has open. Written by the queue and by the intake, read from
/// any thread. A job that was accepted counts at once, before it has come to the queue.
/// </summary>
internal sealed class QueueLoad
{
    /// <summary>A job that the queue has not heard of by then is counted elsewhere, or will be when it is woken.</summary>
    private static readonly TimeSpan OnTheWay = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _openOf = new(StringComparer.Ordinal);
    private readonly Dictionary<JobId, (string Tenant, DateTimeOffset At)> _coming = [];
    private readonly Queue<JobId> _order = [];
    private volatile QueueState _state = QueueState.Unknown;

    public QueueState State => _state;

    public int Slots => _state.Slots;

    public int Holding => _state.Building;

    public int Waiting => _state.Waiting;

    /// <summary>How long the one that waits longest has waited since its acceptance; zero if nobody waits.</summary>
    public TimeSpan OldestAge(DateTimeOffset now) => _state.Oldest is { } oldest && oldest < now ? now - oldest : TimeSpan.Zero;

    public void Set(QueueState state) => _state = state;

    /// <summary>The queue knows this job, and that its tenant has so many that wait or build.</summary>
    public void Heard(JobId job, string tenant, int open)
    {
        lock (_gate)
        {
            _coming.Remove(job);
            _openOf[tenant] = open;
        }
    }

    /// <summary>A job was accepted and is on its way to the queue.</summary>
    public void Coming(JobId job, string tenant, DateTimeOffset now)
    {
        lock (_gate)
        {
            _coming[job] = (tenant, now);
            _order.Enqueue(job);
        }
    }

    /// <summary>Jobs that wait, and those of this tenant that wait or build; both with what is on its way.</summary>
    public (int Waiting, int OpenOfTenant) At(DateTimeOffset now, string tenant)
    {
        lock (_gate)
        {
            while (_order.TryPeek(out var first) && !(_coming.TryGetValue(first, out var soon) && now - soon.At < OnTheWay)) _coming.Remove(_order.Dequeue());
            var ofTenant = _coming.Values.Count(coming => coming.Tenant == tenant);
            return (_state.Waiting + _coming.Count, _openOf.GetValueOrDefault(tenant) + ofTenant);
        }
    }
}
