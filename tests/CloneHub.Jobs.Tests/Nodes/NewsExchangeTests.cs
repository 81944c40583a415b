using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Cluster;
using Akka.Serialization;
using CloneHub.Contracts;
using CloneHub.Jobs.FollowJob;
using CloneHub.Jobs.GetJobStatus;
using CloneHub.Jobs.ListJobs;
using CloneHub.Jobs.Nodes;
using CloneHub.Testing;

namespace CloneHub.Jobs.Tests.Nodes;

/// <summary>What followers on one node hear of jobs on another, over a real connection.</summary>
public sealed class NewsExchangeTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Node _a = Node.Start();
    private readonly Node _b = Node.Start();

    public async Task InitializeAsync()
    {
        _a.Cluster.Join(_a.Cluster.SelfAddress);
        _b.Cluster.Join(_a.Cluster.SelfAddress);
        await Eventually.Until("both see two", () => new[] { _a, _b }.All(node => node.Cluster.State.Members.Count(m => m.Status is MemberStatus.Up) == 2), Patience);
    }

    public async Task DisposeAsync() => await Task.WhenAll(_a.System.Terminate(), _b.System.Terminate());

    [Fact]
    public async Task A_follower_hears_what_is_told_on_another_node_and_when_its_place_may_have_changed()
    {
        using var follower = _b.News.Follow(Given.Id, withQueue: true);
        await Eventually.Until("the other node knows of the wish", () => _a.News.FollowedElsewhere.Contains(Given.Id), Patience);
        Assert.True(await follower.NewsAsync(Patience, TimeProvider.System, CancellationToken.None), "A new wish was not answered.");
        var state = new JobState(Given.Id, Given.AJobIn(Stage.PodReady).Job, 7, 0.5, "Half of it");

        _a.News.Tell(state);
        await Eventually.Until("the state is heard", () => follower.Latest?.Version == 7, Patience);
        Assert.Equivalent(state, follower.Latest, strict: true);
        Assert.True(await follower.NewsAsync(Patience, TimeProvider.System, CancellationToken.None));

        _a.News.Stir(job => job != Given.Id);
        _a.News.Stir(job => job == Given.Id);
        Assert.True(await follower.NewsAsync(Patience, TimeProvider.System, CancellationToken.None));
    }

    [Fact]
    public async Task What_one_node_has_accepted_is_in_the_list_of_the_other()
    {
        var job = JobSnapshots.Of(Given.Id, Given.AJobIn(Stage.Requested).Job, 1);
        _a.NewJobs.Add(job);

        await Eventually.Until("it is known", async () => (await _b.NewJobs.OfAllNodesAsync("acme")).Count == 1, Patience);

        Assert.Equal(job, (await _b.NewJobs.OfAllNodesAsync("acme")).Single());
        Assert.Empty(await _b.NewJobs.OfAllNodesAsync("other"));
    }

    private sealed record Node(ActorSystem System, JobNews News, NewJobs NewJobs)
    {
        public Akka.Cluster.Cluster Cluster => Akka.Cluster.Cluster.Get(System);

        public static Node Start()
        {
            var system = ActorSystem.Create("clonehub", BootstrapSetup.Create().WithConfig(WorkersActorTests.Quiet + "\nakka.cluster.roles = [core]").And(SerializationSetup.Create(s =>
            [
                SerializerDetails.Create("clonehub-wire", new WireSerializer(s), [typeof(IWireMessage)]),
                SerializerDetails.Create("clonehub-refused", new RefusingSerializer(s), [typeof(object)]),
            ])));
            var (news, newJobs) = (new JobNews(), new NewJobs());
            news.Exchange = newJobs.Exchange = system.ActorOf(Props.Create(() => new NewsExchangeActor(news, newJobs)), NewsExchangeActor.Path);
            return new Node(system, news, newJobs);
        }
    }
}
