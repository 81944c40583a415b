namespace CloneHub.Chaos;

/// <summary>A clock that all nodes share and that runs faster than the real one. Timers and time stamps stay real: only the time of day hurries.</summary>
/// <param name="behind">How far it lies behind all the same: on stores of an earlier day it goes on from there.</param>
internal sealed class FastClock(DateTimeOffset begin, int speed, TimeSpan behind = default) : TimeProvider
{
    public override DateTimeOffset GetUtcNow()
    {
        var now = base.GetUtcNow();
        return (now < begin ? now : begin + ((now - begin) * speed)) - behind;
    }
}
