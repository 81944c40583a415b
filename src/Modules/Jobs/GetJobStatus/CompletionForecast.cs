namespace CloneHub.Jobs.GetJobStatus;

/// <summary>
/// When a job will probably be done, from how long the last jobs took on this node. Where it has nothing to go by, after a start or for a
/// job that takes longer than any before it, it says nothing.
/// </summary>
/// <param name="slots">Jobs that build at the same time, where nobody says it better.</param>
internal sealed class CompletionForecast(int slots, TimeProvider clock)
{
    private const int Remembered = 32;

    /// <summary>An answer takes its time to arrive; what it says must not be over by then.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1);

    private readonly Queue<TimeSpan> _builds = [];
    private readonly Lock _gate = new();

    /// <param name="job">One that has just begun to serve.</param>
    public void Learn(CloneJob job)
    {
        if (job.CompletedAt - job.StartedAt is not { } took) return;
        lock (_gate)
        {
            _builds.Enqueue(took);
            if (_builds.Count > Remembered) _builds.Dequeue();
        }
    }

    /// <param name="position">Its place in the queue, 1 for the next one; null if it has left the queue.</param>
    /// <param name="offered">Slots that there are now; 0 if that is not known.</param>
    public DateTimeOffset? Of(IJob job, int? position, int offered = 0)
    {
        if (job is not CloneJob { IsBuilding: true, Awaited: null }) return null;
        var now = clock.GetUtcNow();
        var elapsed = now - (job.StartedAt ?? now);
        if (TypicalAbove(elapsed) is not { } whole) return null;
        var left = whole - elapsed + (whole * (position ?? 0) / (offered > 0 ? offered : slots));
        return now + (left > Least ? left : Least);
    }

    /// <summary>The median of those builds that took longer than this one has taken already.</summary>
    private TimeSpan? TypicalAbove(TimeSpan elapsed)
    {
        List<TimeSpan> longer;
        lock (_gate) longer = [.. _builds.Where(took => took > elapsed).Order()];
        return longer.Count > 0 ? longer[longer.Count / 2] : null;
    }
}
