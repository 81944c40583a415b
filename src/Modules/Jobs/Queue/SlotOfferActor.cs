using Akka.Actor;
using Akka.Cluster;
using Microsoft.Extensions.Logging;

namespace CloneHub.Jobs.Queue;

/// <summary>
/// Offers this worker's slots to the queue, wherever that is, as long as the worker is a member of the cluster: so often that a queue that
/// has moved knows them in a moment, and that a lease outlasts offers that were lost.
/// </summary>
internal sealed partial class SlotOfferActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly IActorRef _queue;
    private readonly TimeSpan _pause;
    private readonly ILogger _logger;
    private OfferSlots _offer;
    private bool _isRefused;

    public SlotOfferActor(OfferSlots offer, IActorRef queue, TimeSpan lease, ILogger<SlotOfferActor> logger)
    {
        (_offer, _queue, _logger) = (offer, queue, logger);
        _pause = lease / 3 < LongestPause ? lease / 3 : LongestPause;
        Receive<Joined>(_ => Timers.StartPeriodicTimer(nameof(Offer), Offer.Instance, TimeSpan.Zero, _pause));
        Receive<Offer>(_ => _queue.Tell(_offer));
        Receive<SlotsLeased>(OnAnswer);
        Receive<EndOffers>(e => End(e.AtOnce));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        var self = Self;
        Cluster.Get(Context.System).RegisterOnMemberUp(() => self.Tell(Joined.Instance));
    }

    private void OnAnswer(SlotsLeased answer)
    {
        var isRefused = answer.Lease is null;
        if (isRefused && !_isRefused) LogRefused(_logger, _offer.Worker);
        _isRefused = isRefused;
    }

    private void End(bool atOnce)
    {
        _offer = _offer with { Slots = 0 };
        if (!atOnce)
        {
            _queue.Tell(_offer);
            return;
        }

        Timers.CancelAll();
        _queue.Tell(new WithdrawSlots(_offer.Worker));
    }

    [LoggerMessage(1041, LogLevel.Warning, "Worker {Worker} gets no jobs: there are as many workers as CloneHub:Queue:MaxWorkers allows.")]
    private static partial void LogRefused(ILogger logger, string worker);

    /// <summary>Order from this node: offer no more slots. What builds on them may end its step, unless it is over now.</summary>
    internal sealed record EndOffers(bool AtOnce) : INoSerializationVerificationNeeded;

    private sealed class Joined : INoSerializationVerificationNeeded
    {
        public static readonly Joined Instance = new();
    }

    private sealed class Offer : INoSerializationVerificationNeeded
    {
        public static readonly Offer Instance = new();
    }
}
