using Akka.Actor;
using CloneHub.Contracts;

namespace CloneHub.Provisioning;

/// <summary>Passes progress on to the job, at most four times a second: an import has thousands of steps forward.</summary>
internal sealed class ThrottledProgress(StepToken token, IActorRef job, TimeProvider clock) : IProgress<ContentProgress>
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly Lock _gate = new();
    private long? _last;
    private bool _closed;

    public void Report(ContentProgress value)
    {
        lock (_gate)
        {
            if (_closed || (_last is { } last && clock.GetElapsedTime(last) < Interval)) return;
            _last = clock.GetTimestamp();
            job.Tell(new StepProgressed(token, Math.Clamp(value.Fraction, 0, 1), value.Message), ActorRefs.NoSender);
        }
    }

    /// <summary>After this nothing is passed on, so that no progress arrives behind the report of the end.</summary>
    public void Close()
    {
        lock (_gate) _closed = true;
    }
}
