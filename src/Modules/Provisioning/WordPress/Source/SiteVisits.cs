namespace CloneHub.Provisioning.WordPress;

/// <summary>
/// One visit to a site at a time: WordPress empties its work folder before it unpacks, and writes a user's log-ins back as a whole, so
/// that of two at once one is logged out by the other. A visit that takes too long is ended, so that nobody waits behind it for ever.
/// </summary>
internal sealed class SiteVisits(TimeProvider clock)
{
    internal static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    internal static readonly TimeSpan Courtesy = TimeSpan.FromSeconds(3);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Turns> _sites = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="site">Host and port.</param>
    /// <exception cref="StepFaultException">The visit was not over after two minutes; what it still undoes comes on top.</exception>
    public async Task<T> RunAsync<T>(string site, Func<CancellationToken, Task<T>> visit, CancellationToken cancellation)
    {
        var turns = Enter(site);
        try
        {
            await turns.Free.WaitAsync(cancellation);
            try
            {
                return await LimitAsync(visit, cancellation);
            }
            finally
            {
                turns.Free.Release();
            }
        }
        finally
        {
            Leave(site, turns);
        }
    }

    /// <summary>A farewell waits a moment for its turn and goes without: a log-in that comes back is less to leave than a connector.</summary>
    public async Task<T> LeaveAsync<T>(string site, Func<CancellationToken, Task<T>> farewell, CancellationToken cancellation)
    {
        var turns = Enter(site);
        try
        {
            var isOurs = await IsFreeSoonAsync(turns, cancellation);
            try
            {
                return await farewell(cancellation);
            }
            finally
            {
                if (isOurs) turns.Free.Release();
            }
        }
        finally
        {
            Leave(site, turns);
        }
    }

    private async Task<bool> IsFreeSoonAsync(Turns turns, CancellationToken cancellation)
    {
        using var courtesy = new CancellationTokenSource(Courtesy, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(courtesy.Token, cancellation);
        try
        {
            await turns.Free.WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // Whoever is there stays longer than we can wait.
            return false;
        }
    }

    private async Task<T> LimitAsync<T>(Func<CancellationToken, Task<T>> visit, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(Longest, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            return await visit(either.Token);
        }
        catch (OperationCanceledException trouble) when (limit.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw SourceFaults.Unreachable($"the log-in and the upload took longer than {Longest.TotalMinutes:0} minutes.", trouble);
        }
    }

    private Turns Enter(string site)
    {
        lock (_gate)
        {
            if (!_sites.TryGetValue(site, out var turns)) _sites[site] = turns = new Turns();
            turns.Visitors++;
            return turns;
        }
    }

    private void Leave(string site, Turns turns)
    {
        lock (_gate)
        {
            if (--turns.Visitors > 0) return;
            _sites.Remove(site);
            turns.Free.Dispose();
        }
    }

    private sealed class Turns
    {
        public SemaphoreSlim Free { get; } = new(1);

        public int Visitors { get; set; }
    }
}
