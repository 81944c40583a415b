namespace CloneHub.Chaos;

/// <summary>A clock that all nodes share and that runs faster than the real one. Timers and time stamps stay real: only the time of day hurries.</summary>
/// <param name="behind">How far it lies behind all the same: on stores of an earlier day it goes on from there.</param>
internal sealed class FastClock(DateTimeOffset begin, int speed, TimeSpan behind = default) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => Of(base.GetUtcNow());

    /// <summary>What it shows at a real moment.</summary>
    public DateTimeOffset Of(DateTimeOffset real) => (real < begin ? real : begin + ((real - begin) * speed)) - behind;

    /// <summary>The real moment at which it shows this.</summary>
    public DateTimeOffset Real(DateTimeOffset shown) => begin + ((shown + behind - begin) / speed);

    /// <summary>Real time for a time of its own.</summary>
    public TimeSpan Real(TimeSpan time) => time / speed;
}
