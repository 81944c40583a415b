using CloneHub.Contracts;

namespace CloneHub.Jobs.Queue;

/// <summary>
/// What those who only look know of the queue: how long it is, and how much a tenant has open. Written by the queue where it runs, elsewhere by
/// what it tells every second; and by the intake. Read from any thread. A job that was accepted counts at once, before it has come to the queue.
/// </summary>
internal sealed class QueueLoad
{
    /// <summary>As many as a message between nodes bears easily; the others are asked about a second later.</summary>
    private const int AskedAtOnce = 2_000;

    /// <summary>A job that the queue has not heard of by then will be counted when it is woken.</summary>
    private static readonly TimeSpan LongestWay = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<JobId, (string Tenant, DateTimeOffset At)> _coming = [];
    private readonly Dictionary<string, int> _comingOf = new(StringComparer.Ordinal);
    private readonly Queue<JobId> _order = [];
    private Dictionary<string, int> _openOf = new(StringComparer.Ordinal);
    private QueueState _told = QueueState.Unknown;
    private volatile QueueState _state = QueueState.Unknown;

    /// <summary>Of the queue on this node; unknown if it runs elsewhere.</summary>
    public QueueState State => _state;

    public int Slots => _state.Slots;

    public int Holding => _state.Building;

    public int Waiting => _state.Waiting;

    /// <summary>What was accepted here and is not known to have come to the queue, the oldest first; not all if there are very many.</summary>
    public IReadOnlyList<JobId> OnTheirWay
    {
        get
        {
            lock (_gate) return [.. _order.Where(_coming.ContainsKey).Take(AskedAtOnce)];
        }
    }

    /// <summary>How long the one that waits longest has waited since its acceptance; zero if nobody waits.</summary>
    public TimeSpan OldestAge(DateTimeOffset now) => _state.Oldest is { } oldest && oldest < now ? now - oldest : TimeSpan.Zero;

    public void Set(QueueState state) => _state = state;

    /// <summary>The queue on this node knows this job, and that its tenant has so many that wait or build.</summary>
    public void Heard(JobId job, string tenant, int open)
    {
        lock (_gate)
        {
            Forget(job);
            _openOf[tenant] = open;
        }
    }

    /// <summary>The queue, which runs elsewhere, has told how it stands. One that runs here is known better.</summary>
    public void Hear(QueueLoadTold told)
    {
        if (_state != QueueState.Unknown) return;
        lock (_gate)
        {
            _told = told.State;
            _openOf = told.Open.ToDictionary(open => open.Tenant, open => open.Count, StringComparer.Ordinal);
            foreach (var job in told.Known) Forget(job);
        }
    }

    /// <summary>A job was accepted and is on its way to the queue.</summary>
    public void Coming(JobId job, string tenant, DateTimeOffset now)
    {
        lock (_gate)
        {
            if (!_coming.TryAdd(job, (tenant, now))) return;
            _comingOf[tenant] = _comingOf.GetValueOrDefault(tenant) + 1;
            _order.Enqueue(job);
        }
    }

    /// <summary>Jobs that wait, and those of this tenant that wait or build; both with what is on its way.</summary>
    public (int Waiting, int OpenOfTenant) At(DateTimeOffset now, string tenant)
    {
        lock (_gate)
        {
            while (_order.TryPeek(out var first) && !(_coming.TryGetValue(first, out var soon) && now - soon.At < LongestWay)) Forget(_order.Dequeue());
            var state = _state == QueueState.Unknown ? _told : _state;
            return (state.Waiting + _coming.Count, _openOf.GetValueOrDefault(tenant) + _comingOf.GetValueOrDefault(tenant));
        }
    }

    private void Forget(JobId job)
    {
        if (!_coming.Remove(job, out var coming)) return;
        var left = _comingOf[coming.Tenant] - 1;
        if (left > 0) _comingOf[coming.Tenant] = left;
        else _comingOf.Remove(coming.Tenant);
    }
}
