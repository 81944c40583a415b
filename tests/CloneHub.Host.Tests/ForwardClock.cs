namespace CloneHub.Host.Tests;

/// <summary>The system's clock, and as much more as the test says.</summary>
internal sealed class ForwardClock : TimeProvider
{
    private long _ahead;

    public void Advance(TimeSpan by) => Interlocked.Add(ref _ahead, by.Ticks);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Interlocked.Read(ref _ahead));
}
