using CloneHub.Contracts;

namespace CloneHub.Jobs.Queue;

/// <summary>A job may begin on this worker, or has to leave it.</summary>
internal readonly record struct Grant(JobId Job, string Worker);

/// <summary>
/// Who waits, who builds where, and who goes next. Pure: no clock, no actors; the moment is told with what happens. Interactive jobs go before
/// bulk, but every fifth grant is the bulk's; within either tenants take <see cref="Turns"/>; a tenant's own jobs go in order of acceptance.
/// Ceilings are never passed by a grant, and no slot stays free that somebody may use. Whatever a job tells of itself is believed: a job that
/// builds counts, whatever the ceilings say.
/// </summary>
internal sealed class FairQueue(QueueRules rules)
{
    private readonly Dictionary<JobId, Place> _places = [];
    private readonly Dictionary<string, Tally> _tenants = new(StringComparer.Ordinal);
    private readonly WorkerLeases _workers = new(rules);
    private readonly Turns _interactive = new(rules.WeightOf);
    private readonly Turns _bulk = new(rules.WeightOf);
    private int _interactiveInARow;

    private enum Standing { Waits, Builds, Rests }

    public int Waiting => _interactive.Count + _bulk.Count;

    public int WaitingBulk => _bulk.Count;

    public int Building { get; private set; }

    /// <summary>Clones that exist, in whatever state.</summary>
    public int Clones { get; private set; }

    public int Slots => _workers.Slots;

    public int Workers => _workers.Count;

    public DateTimeOffset? Oldest => (_interactive.Oldest, _bulk.Oldest) is ({ } a, { } b) ? (a < b ? a : b) : _interactive.Oldest ?? _bulk.Oldest;

    /// <summary>Those that wait for a ceiling and not for a slot.</summary>
    public int Capped => new[] { _interactive, _bulk }.Sum(turns => turns.Firsts.Where(first => !MayGo(first)).Sum(first => turns.CountOf(first.Tenant)));

    /// <summary>Jobs of the tenant that wait or build.</summary>
    public int OpenOf(string tenant) => _tenants.TryGetValue(tenant, out var tally) ? tally.Open : 0;

    public IReadOnlyList<OpenJobs> Open => [.. _tenants.Where(t => t.Value.Open > 0).Select(t => new OpenJobs(t.Key, t.Value.Open))];

    public bool Knows(JobId job) => _places.ContainsKey(job);

    /// <summary>The job waits for its turn, perhaps again: it rested while it waited for somebody else.</summary>
    /// <param name="hasClone">It built before, and something of its clone exists.</param>
    public void Want(Ticket ticket, bool hasClone = false)
    {
        if (!_places.TryGetValue(ticket.Job, out var place)) Put(ticket.Job, new Place(ticket, Standing.Waits, HasClone: hasClone));
        else if (place.Standing is Standing.Rests) Put(ticket.Job, new Place(ticket, Standing.Waits, HasClone: true));
    }

    /// <summary>The worker that the job builds on; null if it does not build.</summary>
    public string? WorkerOf(JobId job) => _places.TryGetValue(job, out var place) ? place.Worker : null;

    /// <summary>The job builds no more on its worker, which it found gone, and waits at its old place. Until that one speaks again nobody is sent there.</summary>
    public void Leave(JobId job)
    {
        if (!_places.TryGetValue(job, out var place) || place.Worker is not { } worker) return;
        _workers.Doubt(worker);
        Put(job, place with { Standing = Standing.Waits, Worker = null });
    }

    public void Hold(Ticket ticket, string worker, DateTimeOffset now)
    {
        if (WorkerOf(ticket.Job) == worker) return;
        _workers.Meet(worker, now);
        Put(ticket.Job, new Place(ticket, Standing.Builds, worker, HasClone: ticket.MakesClone));
    }

    /// <summary>The job builds no more, and its clone exists.</summary>
    public void Rest(Ticket ticket)
    {
        if (!_places.TryGetValue(ticket.Job, out var place) || place.Standing is not Standing.Rests) Put(ticket.Job, new Place(ticket, Standing.Rests, HasClone: true));
    }

    /// <summary>Nothing is left of the job that counts here.</summary>
    public void Release(JobId job) => Put(job, null);

    /// <summary>A worker is there, until a lease from now. False if there are too many already.</summary>
    /// <param name="slots">Jobs it builds at the same time; 0 for one that ends what it has and takes no more.</param>
    public bool Offer(string worker, int slots, DateTimeOffset now) => _workers.Offer(worker, slots, now);

    /// <summary>What builds on this worker.</summary>
    public IReadOnlyList<Grant> BuildingOn(string worker) => [.. _workers.JobsOf(worker).Select(job => new Grant(job, worker))];

    /// <summary>Nobody could be heard for a while: who was there then is given another lease.</summary>
    public void RenewAll(DateTimeOffset now) => _workers.RenewAll(now);

    /// <summary>A worker goes; its jobs wait again at their old place.</summary>
    public IReadOnlyList<Grant> Withdraw(string worker)
    {
        var lost = _workers.Remove(worker).Select(job => new Grant(job, worker)).ToList();
        foreach (var (job, _) in lost) Put(job, _places[job] with { Standing = Standing.Waits, Worker = null });
        return lost;
    }

    /// <summary>Takes the slots of workers whose lease is over; their jobs wait again at their old place.</summary>
    public IReadOnlyList<Grant> Expire(DateTimeOffset now) => [.. _workers.Silent(now).SelectMany(Withdraw)];

    /// <summary>Gives the free slots to those whose turn it is.</summary>
    public IReadOnlyList<Grant> GrantFree()
    {
        var grants = new List<Grant>();
        while (_workers.Freest is { } worker && Next() is { } ticket)
        {
            CountTurn(ticket);
            Put(ticket.Job, new Place(ticket, Standing.Builds, worker, HasClone: ticket.MakesClone));
            grants.Add(new Grant(ticket.Job, worker));
        }

        return grants;
    }

    /// <summary>
    /// 1 for the next one; null if the job does not wait. Exact as long as nobody comes or leaves and no ceiling stands in the way of those
    /// before it; a look at the length of every tenant's line.
    /// </summary>
    public int? PositionOf(JobId job)
    {
        if (!_places.TryGetValue(job, out var place) || place.Standing is not Standing.Waits) return null;
        var before = TurnsOf(place.Ticket).CountBefore(place.Ticket);
        var others = place.Ticket.Priority is JobPriority.Bulk
            ? Math.Min(_interactive.Count, QueueRules.InteractiveInARow - _interactiveInARow + (before * QueueRules.InteractiveInARow))
            : Math.Min(_bulk.Count, (before + _interactiveInARow) / QueueRules.InteractiveInARow);
        return before + others + 1;
    }

    public bool Waits(JobId job) => _places.TryGetValue(job, out var place) && place.Standing is Standing.Waits;

    private Ticket? Next()
    {
        var (interactive, bulk) = (_interactive.Next(MayGo), _bulk.Next(MayGo));
        return _interactiveInARow >= QueueRules.InteractiveInARow ? bulk ?? interactive : interactive ?? bulk;
    }

    private void CountTurn(Ticket ticket)
    {
        TurnsOf(ticket).Went(ticket);
        if (ticket.Priority is JobPriority.Bulk) _interactiveInARow = 0;
        else if (_bulk.Count > 0) _interactiveInARow = Math.Min(_interactiveInARow + 1, QueueRules.InteractiveInARow);
    }

    private bool MayGo(Ticket ticket)
    {
        var tally = _tenants[ticket.Tenant];
        return !(tally.Building >= rules.BuildingOfTenant)
            && (!ticket.MakesClone || _places[ticket.Job].HasClone || !(Clones >= rules.Clones || tally.Clones >= rules.ClonesOfTenant));
    }

    private void Put(JobId job, Place? to)
    {
        if (_places.Remove(job, out var from)) Count(from, -1);
        if (to is null) return;
        _places.Add(job, to);
        Count(to, 1);
    }

    private void Count(Place place, int by)
    {
        if (!_tenants.TryGetValue(place.Ticket.Tenant, out var tally)) _tenants[place.Ticket.Tenant] = tally = new Tally();
        if (place.HasClone)
        {
            Clones += by;
            tally.Clones += by;
        }

        if (place.Standing is not Standing.Rests) tally.Open += by;
        if (place.Standing is Standing.Builds)
        {
            Building += by;
            tally.Building += by;
            _workers.Note(place.Worker!, place.Ticket.Job, by);
        }
        else if (place.Standing is Standing.Waits) Line(place.Ticket, by);
    }

    private void Line(Ticket ticket, int by)
    {
        if (by > 0) TurnsOf(ticket).Add(ticket);
        else TurnsOf(ticket).Remove(ticket);

        // What nobody waited for is not owed.
        if (_bulk.Count == 0) _interactiveInARow = 0;
    }

    private Turns TurnsOf(Ticket ticket) => ticket.Priority is JobPriority.Bulk ? _bulk : _interactive;

    private sealed record Place(Ticket Ticket, Standing Standing, string? Worker = null, bool HasClone = false);

    private sealed class Tally
    {
        public int Open { get; set; }

        public int Building { get; set; }

        public int Clones { get; set; }
    }
}
