namespace CloneHub.Chaos;

/// <summary>A clock that all nodes share and that runs faster than the real one. Timers and time stamps stay real: only the time of day hurries.</summary>
internal sealed class FastClock(DateTimeOffset begin, int speed) : TimeProvider
{
    public override DateTimeOffset GetUtcNow()
    {
        var now = base.GetUtcNow();
        return now < begin ? now : begin + ((now - begin) * speed);
    }
}
