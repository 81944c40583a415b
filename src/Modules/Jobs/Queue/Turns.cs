namespace CloneHub.Jobs.Queue;

/// <summary>
/// Whose turn it is among the tenants that wait with jobs of one priority: a weighted round robin. Every tenant has a place on one line of
/// turns; who has gone moves on by its stride, which is shorter the more it weighs; the least place is next, of equal ones the earlier
/// accepted job. Nobody saves turns: who waited for nothing, or could not go, goes on from where the others are.
/// A look at all tenants takes as long as there are tenants, not jobs: those are few, one for each caller.
/// </summary>
internal sealed class Turns(Func<string, int> weightOf)
{
    /// <summary>The stride of weight 1.</summary>
    private const long Whole = 1_000_000;

    private readonly Dictionary<string, Tenant> _tenants = new(StringComparer.Ordinal);

    /// <summary>The place of the job that went last.</summary>
    private long _now;

    public int Count { get; private set; }

    /// <summary>When the one that waits longest was accepted; null if nobody waits.</summary>
    public DateTimeOffset? Oldest => _tenants.Values.Where(t => t.Line.Count > 0).Select(t => (DateTimeOffset?)t.Line.First.AcceptedAt).Min();

    public void Add(Ticket ticket)
    {
        if (!_tenants.TryGetValue(ticket.Tenant, out var tenant))
            _tenants[ticket.Tenant] = tenant = new Tenant { Stride = Math.Max(1, Whole / weightOf(ticket.Tenant)) };
        tenant.Line.Add(ticket);
        Count++;
    }

    public void Remove(Ticket ticket)
    {
        _tenants[ticket.Tenant].Line.Remove(ticket);
        Count--;
    }

    /// <summary>The one that goes next; null if none may.</summary>
    public Ticket? Next(Predicate<Ticket> mayGo)
    {
        (long Place, Ticket Ticket)? next = null;
        foreach (var tenant in _tenants.Values)
        {
            if (tenant.Line.Count == 0 || !mayGo(tenant.Line.First)) continue;
            var candidate = (Place: PlaceOf(tenant), Ticket: tenant.Line.First);
            if (next is null || candidate.CompareTo(next.Value) < 0) next = candidate;
        }

        return next?.Ticket;
    }

    /// <summary>The tenant of this ticket has had its turn.</summary>
    public void Went(Ticket ticket)
    {
        var tenant = _tenants[ticket.Tenant];
        _now = PlaceOf(tenant);
        tenant.Next = _now + tenant.Stride;
    }

    /// <summary>How many go before it, if all may go and nobody comes or leaves.</summary>
    public int CountBefore(Ticket ticket)
    {
        var own = _tenants[ticket.Tenant];
        var index = own.Line.IndexOf(ticket);
        var place = PlaceOf(own) + (index * own.Stride);
        return index + _tenants.Values.Where(t => t != own).Sum(other => CountBefore(other, place, ticket));
    }

    /// <summary>Of every tenant that waits here, the job that goes first.</summary>
    public IEnumerable<Ticket> Firsts => _tenants.Values.Where(t => t.Line.Count > 0).Select(t => t.Line.First);

    public int CountOf(string tenant) => _tenants.TryGetValue(tenant, out var t) ? t.Line.Count : 0;

    private int CountBefore(Tenant other, long place, Ticket ticket)
    {
        var ahead = place - PlaceOf(other);
        if (ahead < 0) return 0;
        var (whole, rest) = Math.DivRem(ahead, other.Stride);
        if (whole >= other.Line.Count) return other.Line.Count;
        var meets = rest > 0 || other.Line[(int)whole].CompareTo(ticket) < 0;
        return (int)whole + (meets ? 1 : 0);
    }

    private long PlaceOf(Tenant tenant) => Math.Max(tenant.Next, _now);

    private sealed class Tenant
    {
        public required long Stride { get; init; }

        public WaitingLine Line { get; } = new();

        /// <summary>The place of its next turn, unless the others are farther by then.</summary>
        public long Next { get; set; }
    }
}
