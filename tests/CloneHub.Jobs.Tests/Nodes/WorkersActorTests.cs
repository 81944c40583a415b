using Akka.Actor;
using Akka.Cluster;
using Akka.Configuration;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using CloneHub.Contracts;
using CloneHub.Jobs.Nodes;
using CloneHub.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace CloneHub.Jobs.Tests.Nodes;

/// <summary>Orders and reports between a node that drives jobs and two workers, in a cluster of three systems. The test is each worker's runner.</summary>
public sealed class WorkersActorTests : TestKit
{
    internal const string Quiet =
        """
        akka {
          loglevel = OFF, stdout-loglevel = OFF, actor.provider = cluster
          remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 }
          cluster { gossip-interval = 100ms, leader-actions-interval = 100ms, periodic-tasks-initial-delay = 100ms }
          coordinated-shutdown.run-by-actor-system-terminate = off
        }
        """;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly CloneOrder Order = new(Given.Id, Given.Source, "acme", null);

    private readonly List<ActorSystem> _workers = [];
    private readonly Dictionary<Address, TestProbe> _runners = [];
    private IActorRef _actor = null!;

    public WorkersActorTests()
        : base(ConfigurationFactory.ParseString(Quiet).WithFallback("akka.cluster.roles = [core]"), "clonehub")
    {
    }

    [Fact]
    public async Task An_order_goes_to_one_worker_and_its_report_to_the_job()
    {
        await FormAsync(workers: 2);
        var job = CreateTestProbe();
        var token = Token(1);
        _actor.Tell(new RunStep(token, Order), job);

        var runner = await OrderedAsync(token);
        runner.Reply(new StepProgressed(token, 0.5, "Half"));
        runner.Reply(new StepReported(token, null, StepFacts.None));

        Assert.Equal("Half", job.ExpectMsg<StepProgressed>(Patience).Message);
        Assert.Null(job.ExpectMsg<StepReported>(Patience).Fault);
    }

    [Fact]
    public async Task An_order_is_repeated_to_the_same_worker_until_it_is_reported()
    {
        await FormAsync(workers: 2);
        var job = CreateTestProbe();
        _actor.Tell(new RunStep(Token(1), Order), job);
        var runner = await OrderedAsync(Token(1));

        runner.FishForMessage(m => m is RunStep { Token.Fence: 1 } again && again.Worker == NameOf(runner), Patience);
        runner.Reply(new StepReported(Token(1), null, StepFacts.None));

        job.ExpectMsg<StepReported>(Patience);
        Assert.All(_runners.Values.Where(other => other != runner), other => other.ExpectNoMsg(TimeSpan.Zero));
    }

    [Fact]
    public async Task The_jobs_of_a_worker_that_is_gone_are_told_so_and_begin_again_on_another()
    {
        await FormAsync(workers: 2);
        var job = CreateTestProbe();
        _actor.Tell(new RunStep(Token(1), Order), job);
        var lost = await OrderedAsync(Token(1));

        Cluster.Get(Sys).Down(_runners.Single(pair => pair.Value == lost).Key);

        Assert.Equal(StepFault.WorkerLost, job.ExpectMsg<StepReported>(Patience).Fault!.Code);
        _actor.Tell(new RunStep(Token(2), Order), job);
        Assert.NotSame(lost, await OrderedAsync(Token(2)));
    }

    [Fact]
    public async Task A_worker_that_starts_again_at_its_address_gets_no_order_in_its_own_name_for_what_the_one_before_had()
    {
        await FormAsync(workers: 1);
        var job = CreateTestProbe();
        _actor.Tell(new RunStep(Token(1), Order), job);
        var runner = await OrderedAsync(Token(1));
        var (before, address) = (NameOf(runner), Cluster.Get(_workers[0]).SelfAddress);

        await _workers[0].Terminate();
        await JoinAsync($"akka.remote.dot-netty.tcp.port = {address.Port}");

        Assert.Equal(StepFault.WorkerLost, job.ExpectMsg<StepReported>(Patience).Fault!.Code);
        while (_runners[address].HasMessages) Assert.Equal(before, Assert.IsType<RunStep>(_runners[address].ReceiveOne(TimeSpan.Zero)).Worker);
        _actor.Tell(new RunStep(Token(2), Order), job);
        var after = _runners[address].ExpectMsg<RunStep>(order => order.Token == Token(2), Patience);
        Assert.Equal(WorkerName.Of(Cluster.Get(_workers[^1]).SelfUniqueAddress), after.Worker);
    }

    [Fact]
    public async Task A_worker_that_drains_gets_no_more_orders_and_may_report_what_it_has()
    {
        await FormAsync(workers: 2);
        var job = CreateTestProbe();
        _actor.Tell(new RunStep(Token(1), Order), job);
        var draining = await OrderedAsync(Token(1));

        _actor.Tell(new WorkerDrains(_runners.Single(pair => pair.Value == draining).Key.ToString()));
        draining.Reply(new StepReported(Token(1), null, StepFacts.None));
        job.ExpectMsg<StepReported>(Patience);
        for (var fence = 2; fence < 6; fence++)
        {
            _actor.Tell(new RunStep(Token(fence), Order), job);
            Assert.NotSame(draining, await OrderedAsync(Token(fence)));
        }
    }

    [Fact]
    public async Task A_step_goes_to_the_worker_that_its_job_has_a_slot_on_and_to_no_other()
    {
        await FormAsync(workers: 2);
        var mine = Cluster.Get(_workers[1]);
        for (var fence = 1; fence < 6; fence++)
        {
            _actor.Tell(new RunStep(Token(fence), Order, Worker: WorkerName.Of(mine.SelfUniqueAddress)), CreateTestProbe());
            Assert.Same(_runners[mine.SelfAddress], await OrderedAsync(Token(fence)));
        }
    }

    [Fact]
    public async Task A_slot_on_a_worker_that_drains_is_lost_at_once()
    {
        await FormAsync(workers: 2);
        var (job, going) = (CreateTestProbe(), Cluster.Get(_workers[0]));
        _actor.Tell(new WorkerDrains(going.SelfAddress.ToString()));

        _actor.Tell(new RunStep(Token(1), Order, Worker: WorkerName.Of(going.SelfUniqueAddress)), job);

        Assert.Equal(StepFault.WorkerLost, job.ExpectMsg<StepReported>(Patience).Fault!.Code);
        Assert.All(_runners.Values, runner => Assert.False(runner.HasMessages));
    }

    [Fact]
    public async Task A_slot_on_a_worker_that_nobody_has_heard_of_is_lost_after_a_while()
    {
        await FormAsync(workers: 1);
        var job = CreateTestProbe();
        _actor.Tell(new RunStep(Token(1), Order, Worker: "akka.tcp://clonehub@127.0.0.1:1#7"), job);

        Assert.Equal(StepFault.WorkerLost, job.ExpectMsg<StepReported>(Patience).Fault!.Code);
        Assert.All(_runners.Values, runner => Assert.False(runner.HasMessages));
    }

    [Fact]
    public async Task What_the_queue_of_an_older_version_calls_all_workers_is_whichever_is_free()
    {
        await FormAsync(workers: 1);

        _actor.Tell(new RunStep(Token(1), Order, Worker: "all"), CreateTestProbe());

        await OrderedAsync(Token(1));
    }

    [Fact]
    public async Task A_job_that_stops_or_cancels_has_its_step_stopped()
    {
        await FormAsync(workers: 1);
        var job = CreateTestProbe();
        _actor.Tell(new RunStep(Token(1), Order), job);
        var runner = await OrderedAsync(Token(1));
        _actor.Tell(new CancelStep(Token(1)), job);
        Assert.Equal(1, ((CancelStep)runner.FishForMessage(m => m is CancelStep, Patience)).Token.Fence);

        _actor.Tell(new RunStep(Token(2), Order), job);
        await OrderedAsync(Token(2));
        Sys.Stop(job);

        runner.FishForMessage(m => m is CancelStep { Token.Fence: 2 }, Patience);
    }

    [Fact]
    public async Task A_step_waits_while_there_is_no_worker()
    {
        await FormAsync(workers: 0);
        _actor.Tell(new RunStep(Token(1), Order), CreateTestProbe());

        await JoinAsync();

        await OrderedAsync(Token(1));
    }

    protected override void AfterAll()
    {
        foreach (var worker in _workers) worker.Terminate().Wait(TimeSpan.FromSeconds(10));
        base.AfterAll();
    }

    private string NameOf(TestProbe runner) => WorkerName.Of(_workers.Select(worker => Cluster.Get(worker).SelfUniqueAddress).Single(worker => _runners[worker.Address] == runner));

    private static StepToken Token(long fence) => new(Given.Id, CloneStep.CreateDatabase, 1, fence);

    private async Task FormAsync(int workers)
    {
        var cluster = Cluster.Get(Sys);
        cluster.Join(cluster.SelfAddress);
        Func<UniqueAddress, ICanTell> runnerOf = worker => _runners[worker.Address].Ref;
        _actor = Sys.ActorOf(Props.Create(() => new WorkersActor(runnerOf, NullLogger<WorkersActor>.Instance)), WorkersActor.Path);
        for (var i = 0; i < workers; i++) await JoinAsync();
    }

    private async Task JoinAsync(string own = "")
    {
        var worker = ActorSystem.Create("clonehub", ConfigurationFactory.ParseString(own).WithFallback(Quiet).WithFallback("akka.cluster.roles = [worker]"));
        _workers.Add(worker);
        var cluster = Cluster.Get(worker);
        _runners.TryAdd(cluster.SelfAddress, CreateTestProbe());
        cluster.Join(Cluster.Get(Sys).SelfAddress);
        await Eventually.Until("the worker is up", () => Cluster.Get(Sys).State.Members.Any(m => m.UniqueAddress.Equals(cluster.SelfUniqueAddress) && m.Status is MemberStatus.Up), Patience);
    }

    /// <summary>The runner that was given this attempt.</summary>
    private async Task<TestProbe> OrderedAsync(StepToken token)
    {
        TestProbe? found = null;
        await Eventually.Until(
            $"{token} is ordered",
            () => (found = _runners.Values.FirstOrDefault(runner => runner.HasMessages && runner.ReceiveOne(TimeSpan.Zero) is RunStep order && order.Token == token)) is not null,
            Patience);
        return found!;
    }
}
