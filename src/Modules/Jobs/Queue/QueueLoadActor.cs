using Akka.Actor;

namespace CloneHub.Jobs.Queue;

/// <summary>Asks the queue every second how it stands, for a core node that it may not run on: what is accepted here is measured by it.</summary>
internal sealed class QueueLoadActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public QueueLoadActor(QueueLoad load, IActorRef queue)
    {
        Receive<Ask>(_ => queue.Tell(new GetQueueLoad(load.OnTheirWay)));
        Receive<QueueLoadTold>(load.Hear);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => Timers.StartPeriodicTimer(nameof(Ask), Ask.Instance, TimeSpan.Zero, Interval);

    private sealed class Ask : INoSerializationVerificationNeeded
    {
        public static readonly Ask Instance = new();
    }
}
