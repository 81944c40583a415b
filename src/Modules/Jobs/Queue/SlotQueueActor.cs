using Akka.Actor;
using Akka.Cluster;
using CloneHub.Contracts;
using CloneHub.Jobs.FollowJob;
using CloneHub.Jobs.Nodes;
using Microsoft.Extensions.Logging;

namespace CloneHub.Jobs.Queue;

/// <summary>What the queue works with.</summary>
/// <param name="Own">The slots of the only node there is, which cannot be silent while the queue speaks; null where workers offer theirs.</param>
/// <param name="Jobs">Whoever finds the way to a job.</param>
/// <param name="Waker">Whoever can wake all live jobs; null as long as that is not there yet.</param>
internal sealed record QueueEngine(
    QueueRules Rules, OfferSlots? Own, IActorRef Jobs, Func<IActorRef?> Waker, JobNews News, QueueLoad Load, TimeProvider Clock, ILogger Logger);

/// <summary>
/// Who waits for a slot and who has one; <see cref="FairQueue"/> decides. It holds nothing that the jobs do not know: after a start every live job
/// is woken and tells again what it wants or holds, and until all have told, or a lease's time has passed, nobody is given a slot: those who
/// were accepted first may not have spoken yet.
/// </summary>
internal sealed partial class SlotQueueActor : ReceiveActor, IWithTimers
{
    /// <summary>Jobs that were woken recover, which takes a moment; one that says nothing by then has nothing to say.</summary>
    private static readonly TimeSpan PatienceWithWoken = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan BeforeAskedAgain = TimeSpan.FromMinutes(1);

    /// <summary>The waker of a node that starts comes after the queue.</summary>
    private static readonly TimeSpan UntilWaker = TimeSpan.FromMilliseconds(100);

    /// <summary>Where a job builds that does not say where, as those of an older version do. It offers nothing, so its lease lapses.</summary>
    private const string NoWorker = "";

    private readonly QueueEngine _engine;
    private readonly FairQueue _queue;
    private readonly HashSet<JobId> _heard = [];

    /// <summary>Granted, and the job has not said that it builds: the word may be lost on its way.</summary>
    private readonly Dictionary<JobId, string> _unanswered = [];
    private readonly DateTimeOffset _born;
    private readonly long _bornAt;
    private readonly TimeSpan _interval;
    private DateTimeOffset _tickedAt;
    private DateTimeOffset? _askedAt;
    private DateTimeOffset _grantsFrom;
    private DateTimeOffset _completeFrom;
    private int? _woken;
    private bool _isComplete;

    public SlotQueueActor(QueueEngine engine)
    {
        (_engine, _queue, _interval) = (engine, new FairQueue(engine.Rules), engine.Rules.Lease / 3);
        (_born, _bornAt) = (engine.Clock.GetUtcNow(), engine.Clock.GetTimestamp());
        Receive<WantSlot>(OnWant);
        Receive<HoldSlot>(h => OnTold(h.Job, h.Tenant, h.AcceptedAt, () =>
        {
            _unanswered.Remove(h.Job);
            _queue.Hold(h.ToTicket(), h.Worker ?? _engine.Own?.Worker ?? NoWorker, Now);
        }));
        Receive<ReleaseSlot>(r => OnTold(r.Job, r.Tenant, default, () =>
        {
            _unanswered.Remove(r.Job);
            if (r.HasClone) _queue.Rest(new Ticket(r.Job, r.Tenant, default));
            else _queue.Release(r.Job);
        }));
        Receive<OfferSlots>(OnOffer);
        Receive<WithdrawSlots>(w => OnGone(w.Worker));
        Receive<ClusterEvent.MemberRemoved>(e => OnGone(WorkerName.Of(e.Member.UniqueAddress)));
        Receive<AllAwake>(a =>
        {
            (_woken, _completeFrom) = (a.Jobs, Now + PatienceWithWoken);
            _grantsFrom = Earlier(_grantsFrom, _completeFrom);
            Serve();
        });
        Receive<GetQueuePosition>(g => Sender.Tell(new QueuePosition(_queue.PositionOf(g.Job), _queue.Slots)));
        Receive<GetQueueState>(_ => Sender.Tell(State));
        Receive<GetQueueLoad>(g => Sender.Tell(new QueueLoadTold(State, _queue.Open, [.. g.Coming.Where(_queue.Knows)])));
        Receive<Tick>(_ => OnTick());
        Receive<AskWaker>(_ => AskAll());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Leases and patience are no matter of the time of day, which somebody may put right.</summary>
    private DateTimeOffset Now => _born + _engine.Clock.GetElapsedTime(_bornAt);

    private QueueState State => new(
        _isComplete, _queue.Waiting, _queue.WaitingBulk, _queue.Capped, _queue.Building, _queue.Slots, _queue.Workers, _queue.Clones, _engine.Rules.Clones, _queue.Oldest);

    protected override void PreStart()
    {
        _tickedAt = Now;
        _grantsFrom = Now + _engine.Rules.Lease;
        OfferOwn();
        AskAll();
        _engine.Load.Set(State);
        Timers.StartPeriodicTimer(nameof(Tick), Tick.Instance, _interval);
        if (Context.System.Settings.HasCluster) Cluster.Get(Context.System).Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.MemberRemoved));
    }

    protected override void PostStop()
    {
        if (Context.System.Settings.HasCluster) Cluster.Get(Context.System).Unsubscribe(Self);
        _engine.Load.Set(QueueState.Unknown);
    }

    private void OnOffer(OfferSlots offer)
    {
        var isLeased = _queue.Offer(offer.Worker, offer.Slots, Now);
        Sender.Tell(new SlotsLeased(offer.Worker, isLeased ? _engine.Rules.Lease : null));
        if (isLeased && offer.Slots == 0)
        {
            // Told again with each offer: one of them may be lost.
            foreach (var (job, worker) in _queue.BuildingOn(offer.Worker)) _engine.Jobs.Tell(new SlotLost(job, worker, AfterStep: true));
        }

        Serve();
    }

    private void OnGone(string worker)
    {
        Lose(_queue.Withdraw(worker));
        Serve();
    }

    private void OfferOwn()
    {
        if (_engine.Own is { } own) _queue.Offer(own.Worker, own.Slots, Now);
    }

    private void OnWant(WantSlot want)
    {
        if (want.Left is { } left && _queue.WorkerOf(want.Job) == left) _queue.Leave(want.Job);
        if (_queue.WorkerOf(want.Job) is { } worker)
        {
            // The job's actor has moved, and the grant was lost with the one before.
            _engine.Jobs.Tell(new SlotGranted(want.Job, worker));
            return;
        }

        OnTold(want.Job, want.Tenant, want.AcceptedAt, () => _queue.Want(want.ToTicket(), want.HasClone));
    }

    private void OnTold(JobId job, string tenant, DateTimeOffset acceptedAt, Action note)
    {
        var waited = _queue.Waits(job);
        note();

        // What was accepted since is none of those that were woken.
        if (!_isComplete && acceptedAt <= _born) _heard.Add(job);
        _engine.Load.Heard(job, tenant, _queue.OpenOf(tenant));
        Serve(hasMoved: waited && !_queue.Waits(job));
    }

    private void OnTick()
    {
        var now = Now;

        // Who stood still itself has heard nobody; that is no silence of the others.
        if (now - _tickedAt > 2 * _interval) _queue.RenewAll(now);
        _tickedAt = now;
        OfferOwn();
        Lose(_queue.Expire(now));
        AskAll();
        TellAgain();
        Serve();
    }

    /// <summary>A job that waits says no more until it is told, so a grant that was lost would stay without an answer.</summary>
    private void TellAgain()
    {
        foreach (var (job, worker) in _unanswered)
        {
            if (_queue.WorkerOf(job) == worker) _engine.Jobs.Tell(new SlotGranted(job, worker));
            else _unanswered.Remove(job);
        }
    }

    /// <summary>Gives what is free to those whose turn it is, and says how the queue stands then.</summary>
    private void Serve(bool hasMoved = false)
    {
        if (!_isComplete && _woken is { } woken && (_heard.Count >= woken || Now >= _completeFrom))
        {
            _isComplete = true;
            _heard.Clear();
        }

        var grants = _isComplete || Now >= _grantsFrom ? _queue.GrantFree() : [];
        foreach (var (job, worker) in grants)
        {
            _unanswered[job] = worker;
            _engine.Jobs.Tell(new SlotGranted(job, worker));
        }

        // Whoever comes may put others back by a place; they are told when next somebody leaves.
        if (hasMoved || grants.Count > 0) _engine.News.Stir(_queue.Waits);
        _engine.Load.Set(State);
    }

    private void Lose(IReadOnlyList<Grant> lost)
    {
        foreach (var (job, worker) in lost)
        {
            LogSlotLost(_engine.Logger, job, worker);
            JobsTelemetry.CountLostSlot();
            _engine.Jobs.Tell(new SlotLost(job, worker));
        }
    }

    private void AskAll()
    {
        if (_isComplete || Now - _askedAt < BeforeAskedAgain) return;
        if (_engine.Waker() is not { } waker)
        {
            Timers.StartSingleTimer(nameof(AskWaker), AskWaker.Instance, UntilWaker);
            return;
        }

        _askedAt = Now;
        waker.Tell(new WakeAll());
    }

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;

    [LoggerMessage(1040, LogLevel.Warning, "Job {JobId}: worker {Worker}, which builds it, is gone or silent; the job waits again.")]
    private static partial void LogSlotLost(ILogger logger, JobId jobId, string worker);

    private sealed class AskWaker : INoSerializationVerificationNeeded
    {
        public static readonly AskWaker Instance = new();
    }

    internal sealed class Tick : INoSerializationVerificationNeeded
    {
        public static readonly Tick Instance = new();
    }
}
