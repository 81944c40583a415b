using Akka.Actor;
using Akka.Cluster;
using CloneHub.Contracts;
using CloneHub.Jobs.Journal;
using CloneHub.Jobs.Queue;
using Microsoft.Extensions.Logging;

namespace CloneHub.Jobs;

/// <summary>
/// Wakes jobs: all live ones after a start, a page when the one before it has recovered, so that they take turns with new requests; once a minute those that
/// have come since and that nobody may have woken, because the answer to their acceptance was lost; and in a moment those whose actor had
/// to stop because a store did not answer. When a node that drives jobs goes, or was out of sight for a while, all are woken again: what was
/// there goes on elsewhere, and what was told by or to it may be lost. So they are when a queue asks for it that has just started.
/// Of jobs it remembers those of the last minutes only: all others were found before, and a hundred thousand names are not kept for nothing.
/// </summary>
internal sealed partial class LiveJobsActor : ReceiveActor, IWithTimers
{
    private const int PageSize = 100;
    private static readonly TimeSpan BetweenPages = TimeSpan.FromMilliseconds(10);

    /// <summary>The last job of a page may be one that cannot answer.</summary>
    private static readonly TimeSpan PatienceWithPage = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan BetweenRounds = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan BeforeRetry = TimeSpan.FromSeconds(2);

    /// <summary>The index is in the order of acceptance, and one may be written so much later than it was accepted: by a clock that is slow, to a Redis that stood still.</summary>
    private static readonly TimeSpan LookBack = TimeSpan.FromMinutes(15);

    private readonly JobStore _store;
    private readonly IActorRef _jobs;
    private readonly ILogger _logger;
    private readonly HashSet<JobId> _later = [];
    private readonly HashSet<IActorRef> _askers = [];
    private LivePosition _position = LivePosition.Start;
    private HashSet<JobId> _seenBefore = [];
    private HashSet<JobId> _seen = [];
    private double _newest = double.NegativeInfinity;
    private JobId? _last;
    private int _woken;
    private bool _isLooking;
    private bool _startsAnew;

    public LiveJobsActor(JobStore store, IActorRef jobs, ILogger<LiveJobsActor> logger)
    {
        (_store, _jobs, _logger) = (store, jobs, logger);
        Receive<NextPage>(_ => Look());
        Receive<LivePage>(Wake);
        Receive<JobState>(state =>
        {
            if (state.Id == _last && !_isLooking) LookIn(BetweenPages);
        });
        Receive<PageFailed>(f =>
        {
            _isLooking = false;
            LogPageFailed(_logger, f.Error);
            LookIn(BeforeRetry);
        });
        Receive<WakeLater>(w =>
        {
            if (_later.Add(w.Job)) Timers.StartSingleTimer(w.Job, new WakeNow(w.Job), BeforeRetry);
        });
        Receive<WakeNow>(w =>
        {
            _later.Remove(w.Job);
            _jobs.Tell(new WakeJob(w.Job));
        });
        Receive<ClusterEvent.MemberRemoved>(e => WakeAllAgain(e.Member));
        Receive<ClusterEvent.ReachableMember>(e => WakeAllAgain(e.Member));
        Receive<WakeAll>(_ =>
        {
            // Who asks again is in a hurry; to begin again for it would take longer.
            if (_askers.Add(Sender)) StartAnew();
        });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        Self.Tell(NextPage.Instance);
        if (!Context.System.Settings.HasCluster) return;
        Cluster.Get(Context.System).Subscribe(
            Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.MemberRemoved), typeof(ClusterEvent.ReachableMember));
    }

    protected override void PostStop()
    {
        if (Context.System.Settings.HasCluster) Cluster.Get(Context.System).Unsubscribe(Self);
    }

    private void WakeAllAgain(Member member)
    {
        if (!member.HasRole(NodeRoles.Core)) return;
        LogNodeChanged(_logger, member.Address.ToString());
        StartAnew();
    }

    private void StartAnew()
    {
        _startsAnew = true;
        if (!_isLooking) LookIn(BetweenPages);
    }

    private void Look()
    {
        if (_isLooking) return;
        if (_startsAnew) (_seenBefore, _seen, _position, _startsAnew) = ([], [], LivePosition.Start, false);
        _isLooking = true;
        _store.LiveAsync(_position, PageSize).PipeTo(Self, success: page => page, failure: e => new PageFailed(e));
    }

    private void Wake(LivePage page)
    {
        (_isLooking, _last) = (false, null);
        foreach (var job in page.Jobs)
        {
            if (!_seen.Add(job) || _seenBefore.Contains(job)) continue;
            _jobs.Tell(new WakeJob(job));
            _last = job;
            _woken++;
        }

        _position = page.Next;

        // A page that is not full is the end: under a stream of new jobs there would be no empty one.
        if (page.Jobs.Count < PageSize && !_startsAnew) EndRound();
        else if (_last is { } last)
        {
            _jobs.Tell(new GetJob(last));
            LookIn(PatienceWithPage);
        }
        else LookIn(BetweenPages);
    }

    private void EndRound()
    {
        if (_woken > 0) LogWoken(_logger, _woken);
        foreach (var asker in _askers) asker.Tell(new AllAwake(_seen.Count));
        _askers.Clear();
        _newest = Math.Max(_newest, _position.Score);
        (_seenBefore, _seen, _woken, _position) = (_seen, [], 0, new LivePosition(_newest - LookBack.TotalMilliseconds, null));
        _last = null;
        LookIn(BetweenRounds);
    }

    private void LookIn(TimeSpan pause) => Timers.StartSingleTimer(nameof(NextPage), NextPage.Instance, pause);

    [LoggerMessage(1020, LogLevel.Information, "{Count} live jobs were woken.")]
    private static partial void LogWoken(ILogger logger, int count);

    [LoggerMessage(1022, LogLevel.Information, "Node {Node} is gone, or back in sight: all live jobs are woken again.")]
    private static partial void LogNodeChanged(ILogger logger, string node);

    [LoggerMessage(1021, LogLevel.Warning, "The index of live jobs could not be read; trying again.")]
    private static partial void LogPageFailed(ILogger logger, Exception error);

    private sealed record PageFailed(Exception Error) : INoSerializationVerificationNeeded;

    private sealed record WakeNow(JobId Job) : INoSerializationVerificationNeeded;

    private sealed class NextPage : INoSerializationVerificationNeeded
    {
        public static readonly NextPage Instance = new();
    }
}
