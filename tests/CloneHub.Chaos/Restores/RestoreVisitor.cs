using System.Net;
using CloneHub.Dev.Host;

namespace CloneHub.Chaos.Restores;

/// <summary>Looks at the site all the time: a page of the old content, one of the new, or none. What is seen while somebody is dead is not judged.</summary>
internal sealed class RestoreVisitor : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(400);
    private readonly CancellationTokenSource _end = new();
    private readonly Task _visits;
    private int _disturbances;
    private int _away;

    public RestoreVisitor(ShakenSite site) => _visits = VisitAsync(site, _end.Token);

    public int Old { get; private set; }

    public int New { get; private set; }

    /// <summary>Told to come again.</summary>
    public int Held { get; private set; }

    /// <summary>Pages of both, or none at all.</summary>
    public List<string> Wrong { get; } = [];

    public IDisposable LookAway() => new Away(this);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _visits;
        _end.Dispose();
    }

    private async Task VisitAsync(ShakenSite site, CancellationToken end)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Pause, TimeProvider.System, end);
                var before = Volatile.Read(ref _disturbances);
                if (Volatile.Read(ref _away) > 0) continue;
                var seen = await site.VisitAsync(end);
                if (before == Volatile.Read(ref _disturbances)) Judge(seen);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // It is enough.
        }
    }

    private void Judge((HttpStatusCode Status, string Page)? seen)
    {
        var marks = seen is { } visit ? CloneEdits.Marks.Where(mark => visit.Page.Contains(mark, StringComparison.Ordinal)).ToList() : [];
        switch (seen?.Status, marks.Count)
        {
            case (HttpStatusCode.OK, 0): Old++; break;
            case (HttpStatusCode.OK, var count) when count == CloneEdits.Marks.Count: New++; break;
            case (HttpStatusCode.ServiceUnavailable, _): Held++; break;
            default: Wrong.Add($"{seen?.Status.ToString() ?? "no answer"} with {(marks.Count == 0 ? "nothing new" : string.Join(" and ", marks))}"); break;
        }
    }

    private sealed class Away : IDisposable
    {
        private readonly RestoreVisitor _visitor;

        public Away(RestoreVisitor visitor)
        {
            _visitor = visitor;
            Interlocked.Increment(ref _visitor._disturbances);
            Interlocked.Increment(ref _visitor._away);
        }

        public void Dispose()
        {
            Interlocked.Increment(ref _visitor._disturbances);
            Interlocked.Decrement(ref _visitor._away);
        }
    }
}
