using Microsoft.Extensions.Time.Testing;

namespace CloneHub.Testing;

/// <summary>
/// A clock for code that pauses between tries: every wait that is shorter than a limit is over at once. Longer ones are time-outs of
/// something real and never come.
/// </summary>
public sealed class HastyTime(TimeSpan longestPause) : FakeTimeProvider
{
    private long _skipped;

    /// <summary>The pauses that were skipped.</summary>
    public TimeSpan Skipped => TimeSpan.FromTicks(Interlocked.Read(ref _skipped));

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime <= TimeSpan.Zero || dueTime > longestPause) return base.CreateTimer(callback, state, dueTime, period);
        Interlocked.Add(ref _skipped, dueTime.Ticks);
        return base.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
