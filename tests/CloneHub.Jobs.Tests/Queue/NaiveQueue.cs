using CloneHub.Contracts;
using CloneHub.Jobs.Queue;

namespace CloneHub.Jobs.Tests.Queue;

/// <summary>The rules of <see cref="FairQueue"/> in the plainest words: one list, looked through from one end to the other.</summary>
internal sealed class NaiveQueue(QueueRules rules)
{
    private readonly List<Entry> _entries = [];
    private readonly List<Lease> _leases = [];
    private readonly Dictionary<(string Tenant, JobPriority Priority), decimal> _taken = [];
    private readonly Dictionary<JobPriority, decimal> _reached = new() { [JobPriority.Interactive] = 0, [JobPriority.Bulk] = 0 };
    private int _inARow;

    public IReadOnlyList<Entry> Entries => _entries;

    public IReadOnlyList<Lease> Leases => _leases;

    public IEnumerable<Entry> WaitingOf(JobPriority priority) => _entries.Where(e => e.Waits && e.Ticket.Priority == priority);

    public void Want(Ticket ticket)
    {
        if (Find(ticket.Job) is null) _entries.Add(new Entry(ticket, "waits", null, false));
        else if (Find(ticket.Job) is { State: "rests" }) Set(ticket.Job, new Entry(ticket, "waits", null, true));
    }

    public void Hold(Ticket ticket, string worker, DateTimeOffset now)
    {
        if (Find(ticket.Job) is { State: "builds" } entry && entry.Worker == worker) return;
        if (_leases.All(l => l.Worker != worker)) _leases.Add(new Lease(worker, 0, now + rules.Lease));
        Set(ticket.Job, new Entry(ticket, "builds", worker, ticket.MakesClone));
    }

    public void Rest(Ticket ticket)
    {
        if (Find(ticket.Job) is not { State: "rests" }) Set(ticket.Job, new Entry(ticket, "rests", null, true));
    }

    public void Release(JobId job) => Set(job, null);

    public bool Offer(string worker, int slots, DateTimeOffset now)
    {
        if (_leases.All(l => l.Worker != worker) && _leases.Count >= rules.Workers) return false;
        _leases.RemoveAll(l => l.Worker == worker);
        _leases.Add(new Lease(worker, slots, now + rules.Lease));
        return true;
    }

    public IReadOnlyList<JobId> Withdraw(string worker)
    {
        _leases.RemoveAll(l => l.Worker == worker);
        var lost = _entries.Where(e => e.Worker == worker).ToList();
        foreach (var entry in lost) Set(entry.Ticket.Job, entry with { State = "waits", Worker = null });
        return [.. lost.Select(e => e.Ticket.Job)];
    }

    public void Leave(JobId job)
    {
        if (Find(job) is not { Worker: { } worker } entry) return;
        var lease = _leases.Single(l => l.Worker == worker);
        _leases[_leases.IndexOf(lease)] = lease with { Slots = 0 };
        Set(job, entry with { State = "waits", Worker = null });
    }

    public IReadOnlyList<JobId> Expire(DateTimeOffset now) => [.. _leases.Where(l => l.Until <= now).ToList().SelectMany(l => Withdraw(l.Worker))];

    public IReadOnlyList<Grant> GrantFree()
    {
        var grants = new List<Grant>();
        while (FreeSlotsOf().OrderByDescending(f => f.Free).ThenBy(f => f.Worker, StringComparer.Ordinal).FirstOrDefault() is { Free: > 0 } free && Next() is { } next)
        {
            var priority = next.Ticket.Priority;
            var place = PlaceOf(next.Ticket);
            _reached[priority] = place;
            _taken[(next.Ticket.Tenant, priority)] = place + (1m / rules.WeightOf(next.Ticket.Tenant));
            if (priority is JobPriority.Bulk) _inARow = 0;
            else if (WaitingOf(JobPriority.Bulk).Any()) _inARow++;
            Set(next.Ticket.Job, next with { State = "builds", Worker = free.Worker, HasClone = next.Ticket.MakesClone });
            grants.Add(new Grant(next.Ticket.Job, free.Worker));
        }

        return grants;
    }

    /// <summary>Everybody who waits in the order in which they would go if there were slots for all and no ceilings.</summary>
    public IReadOnlyList<JobId> Order()
    {
        var free = new NaiveQueue(new QueueRules { Weights = rules.Weights }) { _inARow = _inARow };
        foreach (var entry in _entries.Where(e => e.Waits)) free._entries.Add(entry);
        foreach (var (who, taken) in _taken) free._taken[who] = taken;
        foreach (var (priority, reached) in _reached) free._reached[priority] = reached;
        free.Offer("w", int.MaxValue, Given.T0);
        return [.. free.GrantFree().Select(g => g.Job)];
    }

    public bool MayGo(Entry entry)
    {
        var ofTenant = _entries.Where(e => e.Ticket.Tenant == entry.Ticket.Tenant).ToList();
        return (rules.BuildingOfTenant is not { } building || ofTenant.Count(e => e.State == "builds") < building)
            && (entry.HasClone || !entry.Ticket.MakesClone || rules.Clones is not { } clones || _entries.Count(e => e.HasClone) < clones)
            && (entry.HasClone || !entry.Ticket.MakesClone || rules.ClonesOfTenant is not { } own || ofTenant.Count(e => e.HasClone) < own);
    }

    /// <summary>The first of each tenant's line: nobody overtakes within a tenant.</summary>
    public IEnumerable<Entry> Heads(JobPriority priority) => WaitingOf(priority).GroupBy(e => e.Ticket.Tenant).Select(line => line.MinBy(e => e.Ticket)!);

    public IEnumerable<(string Worker, int Free)> FreeSlotsOf() => _leases.Select(l => (l.Worker, l.Slots - _entries.Count(e => e.Worker == l.Worker)));

    private Entry? Next()
    {
        var interactive = First(JobPriority.Interactive);
        var bulk = First(JobPriority.Bulk);
        return _inARow >= 4 ? bulk ?? interactive : interactive ?? bulk;
    }

    private Entry? First(JobPriority priority) => Heads(priority).Where(MayGo).OrderBy(e => PlaceOf(e.Ticket)).ThenBy(e => e.Ticket).FirstOrDefault();

    private decimal PlaceOf(Ticket ticket) =>
        Math.Max(_reached[ticket.Priority], _taken.GetValueOrDefault((ticket.Tenant, ticket.Priority)));

    private Entry? Find(JobId job) => _entries.Find(e => e.Ticket.Job == job);

    private void Set(JobId job, Entry? to)
    {
        _entries.RemoveAll(e => e.Ticket.Job == job);
        if (to is not null) _entries.Add(to);
        if (!WaitingOf(JobPriority.Bulk).Any()) _inARow = 0;
    }

    internal sealed record Entry(Ticket Ticket, string State, string? Worker, bool HasClone)
    {
        public bool Waits => State == "waits";
    }

    internal sealed record Lease(string Worker, int Slots, DateTimeOffset Until);
}
