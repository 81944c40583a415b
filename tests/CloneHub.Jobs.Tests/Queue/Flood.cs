using CloneHub.Contracts;
using CloneHub.Jobs.Queue;

namespace CloneHub.Jobs.Tests.Queue;

/// <summary>
/// A day at the queue in virtual time: four slots, clones that take 20 to 40 seconds, a small tenant that asks for one clone after the other
/// with pauses, and if wanted another one that has hundreds waiting at any moment. Everything comes from one seed.
/// </summary>
internal sealed class Flood(int seed, QueueRules rules)
{
    private const int Slots = 4;

    private readonly Random _random = new(seed);
    private readonly FairQueue _queue = new(rules);
    private readonly PriorityQueue<Action<DateTimeOffset>, (DateTimeOffset At, int Number)> _agenda = new();
    private readonly Dictionary<JobId, Ticket> _tickets = [];
    private readonly List<double> _slotWaits = [];
    private readonly List<double> _cloneWaits = [];
    private int _number;

    /// <summary>How long the small tenant waits in a hundred of its clones: for a slot, and until the clone serves; p95, in seconds.</summary>
    public (double Slot, double Clone) Run(int floodDepth, JobPriority priority = JobPriority.Interactive)
    {
        _queue.Offer("w1", Slots, Given.T0);
        for (var n = 0; n < floodDepth; n++) At(Given.T0.AddSeconds(n * 0.01), now => Want("big", now, priority));
        At(Given.T0.AddSeconds(300), Ask);
        while (_cloneWaits.Count < 100 && _agenda.TryDequeue(out var what, out var when))
        {
            _queue.Offer("w1", Slots, when.At);
            what(when.At);
            foreach (var grant in _queue.GrantFree()) Begin(_tickets[grant.Job], when.At);
        }

        return (P95(_slotWaits), P95(_cloneWaits));
    }

    private void Ask(DateTimeOffset now) => Want("small", now, JobPriority.Interactive);

    private void Want(string tenant, DateTimeOffset now, JobPriority priority)
    {
        var ticket = new Ticket(JobId.FromBytes([.. BitConverter.GetBytes(_number++), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), tenant, now, priority);
        _tickets[ticket.Job] = ticket;
        _queue.Want(ticket);
    }

    private void Begin(Ticket ticket, DateTimeOffset now) => At(now.AddSeconds(20 + (20 * _random.NextDouble())), end =>
    {
        _queue.Release(ticket.Job);
        if (ticket.Tenant == "big")
        {
            // Always as many again.
            Want("big", end, ticket.Priority);
            return;
        }

        _slotWaits.Add((now - ticket.AcceptedAt).TotalSeconds);
        _cloneWaits.Add((end - ticket.AcceptedAt).TotalSeconds);
        At(end.AddSeconds(60 * _random.NextDouble()), Ask);
    });

    private void At(DateTimeOffset when, Action<DateTimeOffset> what) => _agenda.Enqueue(what, (when, _number++));

    private static double P95(List<double> values) => values.Order().ElementAt((int)(values.Count * 0.95));
}
