using Akka.Actor;
using Akka.Cluster;
using CloneHub.Contracts;
using CloneHub.Jobs.Api;
using CloneHub.Jobs.ListJobs;
using CloneHub.Jobs.Nodes;

namespace CloneHub.Jobs.FollowJob;

/// <summary>From a node where somebody follows these jobs: it wants to hear of them for a minute.</summary>
internal sealed record WantNews(IReadOnlyList<JobId> Jobs) : IWireMessage;

/// <param name="State">Null if whoever follows the job has to look: its place in the queue may have changed, or this node may have been silent.</param>
internal sealed record HaveNews(JobId Job, JobState? State) : IWireMessage;

/// <summary>Answered by <see cref="NewJobsOf"/>.</summary>
internal sealed record GetNewJobs(string Tenant) : IWireMessage;

/// <summary>What a node has just accepted for a tenant.</summary>
internal sealed record NewJobsOf(IReadOnlyList<JobSnapshot> Jobs) : IWireMessage;

/// <summary>
/// Brings what is told of jobs on this node to the nodes where somebody follows them. Nothing rests on it: a follower that is not woken looks
/// for itself after a while. Wishes are told to all nodes, because a job may move, and renewed, because each may be lost.
/// </summary>
internal sealed class NewsExchangeActor : ReceiveActor, IWithTimers
{
    public const string Path = "news";
    private static readonly TimeSpan BetweenWishes = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan WishLasts = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan PatienceWithPeer = TimeSpan.FromSeconds(1);

    private readonly Dictionary<UniqueAddress, ICanTell> _peers = [];
    private readonly Dictionary<JobId, Dictionary<IActorRef, long>> _wishes = [];
    private readonly JobNews _news;

    public NewsExchangeActor(JobNews news, NewJobs newJobs)
    {
        _news = news;
        Receive<Followed>(f => Wish([f.Job]));
        Receive<WantNews>(OnWish);
        Receive<HaveNews>(_ => IsFromElsewhere, n => _news.Hear(n.Job, n.State));
        Receive<HaveNews>(Spread);
        Receive<GetNewJobs>(_ => IsFromElsewhere, g => Sender.Tell(new NewJobsOf(newJobs.Of(g.Tenant, justNow: true))));
        Receive<GetNewJobs>(g => GatherAsync(g).PipeTo(Sender));
        Receive<Renew>(_ => OnRenewal());
        Receive<ClusterEvent.MemberUp>(e => Meet(e.Member));
        Receive<ClusterEvent.ReachableMember>(e => Meet(e.Member));
        Receive<ClusterEvent.UnreachableMember>(e => _peers.Remove(e.Member.UniqueAddress));
        Receive<ClusterEvent.MemberRemoved>(e => _peers.Remove(e.Member.UniqueAddress));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private bool IsFromElsewhere => Sender.Path.Address.HasGlobalScope;

    protected override void PreStart()
    {
        Cluster.Get(Context.System).Subscribe(
            Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents,
            typeof(ClusterEvent.MemberUp), typeof(ClusterEvent.MemberRemoved), typeof(ClusterEvent.IReachabilityEvent));
        Timers.StartPeriodicTimer(nameof(Renew), Renew.Instance, BetweenWishes);
    }

    protected override void PostStop() => Cluster.Get(Context.System).Unsubscribe(Self);

    private void Meet(Member member)
    {
        if (!member.HasRole(NodeRoles.Core) || member.UniqueAddress.Equals(Cluster.Get(Context.System).SelfUniqueAddress)) return;
        _peers[member.UniqueAddress] = Context.ActorSelection(new RootActorPath(member.Address) / "user" / Path);
        Wish(_news.Followed);
    }

    private void Wish(IReadOnlyList<JobId> jobs)
    {
        if (jobs.Count == 0) return;
        foreach (var peer in _peers.Values) peer.Tell(new WantNews(jobs), Self);
    }

    private void OnWish(WantNews wish)
    {
        foreach (var job in wish.Jobs)
        {
            if (!_wishes.TryGetValue(job, out var by)) _wishes[job] = by = [];

            // What was told before the wish was here is not told again: whoever wishes has to look once more.
            if (!by.ContainsKey(Sender)) Sender.Tell(new HaveNews(job, null));
            by[Sender] = TimeProvider.System.GetTimestamp();
        }

        _news.FollowedElsewhere = _wishes.Keys.ToHashSet();
    }

    private void Spread(HaveNews news)
    {
        if (!_wishes.TryGetValue(news.Job, out var by)) return;
        foreach (var peer in by.Keys) peer.Tell(news);
    }

    private async Task<NewJobsOf> GatherAsync(GetNewJobs question)
    {
        var answers = await Task.WhenAll(_peers.Values.ToList().Select(async peer =>
        {
            try
            {
                return (await peer.Ask<NewJobsOf>(question, PatienceWithPeer)).Jobs;
            }
            catch (AskTimeoutException)
            {
                // A node that is about to be missed: the list goes without what it alone knows.
                return [];
            }
        }));
        return new NewJobsOf([.. answers.SelectMany(jobs => jobs)]);
    }

    private void OnRenewal()
    {
        Wish(_news.Followed);
        foreach (var (job, by) in _wishes.ToList())
        {
            foreach (var (peer, since) in by.ToList())
            {
                if (TimeProvider.System.GetElapsedTime(since) > WishLasts) by.Remove(peer);
            }

            if (by.Count == 0) _wishes.Remove(job);
        }

        if (_news.FollowedElsewhere.Count != _wishes.Count) _news.FollowedElsewhere = _wishes.Keys.ToHashSet();
    }

    /// <summary>From this node: somebody follows the job from now on.</summary>
    internal sealed record Followed(JobId Job) : INoSerializationVerificationNeeded;

    private sealed class Renew : INoSerializationVerificationNeeded
    {
        public static readonly Renew Instance = new();
    }
}
