namespace CloneHub.Jobs.Queue;

/// <summary>How long the queue is, for those who only look. Written by the queue, read from any thread.</summary>
internal sealed class QueueLoad
{
    private volatile Figures _now = new(0, 0, 0, null);

    public int Slots => _now.Slots;

    public int Holding => _now.Holding;

    public int Waiting => _now.Waiting;

    /// <summary>How long the first in the queue has waited since its acceptance; zero if nobody waits.</summary>
    public TimeSpan OldestAge(DateTimeOffset now) => _now.Oldest is { } oldest && oldest < now ? now - oldest : TimeSpan.Zero;

    public void Set(int slots, int holding, int waiting, DateTimeOffset? oldest) => _now = new Figures(slots, holding, waiting, oldest);

    private sealed record Figures(int Slots, int Holding, int Waiting, DateTimeOffset? Oldest);
}
