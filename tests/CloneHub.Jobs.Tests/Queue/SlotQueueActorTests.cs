using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using CloneHub.Contracts;
using CloneHub.Jobs.FollowJob;
using CloneHub.Jobs.Queue;
using CloneHub.Jobs.Vault;
using CloneHub.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace CloneHub.Jobs.Tests.Queue;

public sealed partial class SlotQueueActorTests : TestKit
{
    private readonly QueueLoad _load = new();
    private readonly JobId[] _jobs = [.. Enumerable.Range(0, 8).Select(_ => IdempotentJobId.New())];

    private readonly JobNews _news = new();

    /// <summary>All jobs were accepted before the queue began.</summary>
    private readonly FakeTimeProvider _clock = new(Given.T0.AddMinutes(1));
    private readonly TestProbe _waker;

    public SlotQueueActorTests()
        : base("akka.loglevel = OFF") => _waker = CreateTestProbe("waker");

    [Fact]
    public async Task No_more_jobs_begin_than_there_are_slots()
    {
        var queue = NewQueue(2);
        foreach (var n in (int[])[0, 1, 2, 3]) Want(queue, n);

        await GrantedAsync(queue, 0, 1);
    }

    [Fact]
    public async Task Slots_go_to_jobs_in_the_order_of_acceptance_however_they_ask()
    {
        var queue = NewQueue(1);
        Want(queue, 0);
        foreach (var n in (int[])[5, 2, 7, 1]) Want(queue, n);
        await GrantedAsync(queue, 0);

        foreach (var (done, next) in ((int, int)[])[(0, 1), (1, 2), (2, 5), (5, 7)])
        {
            queue.Tell(new ReleaseSlot(_jobs[done]));
            await GrantedAsync(queue, next);
        }
    }

    [Fact]
    public async Task Asking_twice_is_asking_once()
    {
        var queue = NewQueue(1);
        foreach (var n in (int[])[0, 1, 1, 2]) Want(queue, n);
        await GrantedAsync(queue, 0);
        Assert.Equal(2, await PositionAsync(queue, 2));

        queue.Tell(new ReleaseSlot(_jobs[0]));
        queue.Tell(new ReleaseSlot(_jobs[1]));

        await GrantedAsync(queue, 1, 2);
    }

    [Fact]
    public async Task A_grant_that_was_lost_is_given_again()
    {
        var queue = NewQueue(1);
        Want(queue, 0);
        await GrantedAsync(queue, 0);

        Want(queue, 0);

        await GrantedAsync(queue, 0);
    }

    /// <summary>A job that waits says nothing more until it hears of its slot.</summary>
    [Fact]
    public async Task A_grant_is_told_again_until_the_job_has_answered()
    {
        var queue = NewQueue(2);
        foreach (var n in (int[])[0, 1]) Want(queue, n);
        await GrantedAsync(queue, 0, 1);
        queue.Tell(new HoldSlot(_jobs[0], Given.T0, Worker: "w1"));

        queue.Tell(SlotQueueActor.Tick.Instance);
        await GrantedAsync(queue, 1);
        queue.Tell(SlotQueueActor.Tick.Instance);
        await GrantedAsync(queue, 1);

        queue.Tell(new ReleaseSlot(_jobs[1]));
        queue.Tell(SlotQueueActor.Tick.Instance);
        await GrantedAsync(queue);
    }

    [Fact]
    public async Task A_job_that_waited_for_its_owner_gets_a_slot_again()
    {
        var queue = NewQueue(1);
        Want(queue, 0);
        await GrantedAsync(queue, 0);
        queue.Tell(new ReleaseSlot(_jobs[0], HasClone: true));

        queue.Tell(new WantSlot(_jobs[0], Given.T0, HasClone: true));

        await GrantedAsync(queue, 0);
    }

    [Fact]
    public async Task Jobs_that_build_since_before_a_restart_occupy_their_slots()
    {
        var queue = NewQueue(2);
        foreach (var n in (int[])[0, 1, 2]) queue.Tell(new HoldSlot(_jobs[n]));
        Want(queue, 3);
        await GrantedAsync(queue);

        queue.Tell(new ReleaseSlot(_jobs[0]));
        await GrantedAsync(queue);
        queue.Tell(new ReleaseSlot(_jobs[1]));

        await GrantedAsync(queue, 3);
    }

    [Fact]
    public async Task A_job_that_gives_up_waiting_leaves_the_queue()
    {
        var queue = NewQueue(1);
        foreach (var n in (int[])[0, 1, 2]) Want(queue, n);
        await GrantedAsync(queue, 0);

        queue.Tell(new ReleaseSlot(_jobs[1]));
        Assert.Equal(1, await PositionAsync(queue, 2));
        queue.Tell(new ReleaseSlot(_jobs[0]));

        await GrantedAsync(queue, 2);
    }

    [Fact]
    public async Task A_position_tells_how_many_go_before_and_is_null_for_who_does_not_wait()
    {
        var queue = NewQueue(1);
        foreach (var n in (int[])[0, 3, 1, 2]) Want(queue, n);

        Assert.Null(await PositionAsync(queue, 0));
        Assert.Equal(1, await PositionAsync(queue, 1));
        Assert.Equal(2, await PositionAsync(queue, 2));
        Assert.Equal(3, await PositionAsync(queue, 3));
        Assert.Null(await PositionAsync(queue, 7));
    }

    [Fact]
    public async Task Who_waits_behind_somebody_that_leaves_is_told()
    {
        var queue = NewQueue(1);
        foreach (var n in (int[])[0, 1, 2]) Want(queue, n);
        Assert.Equal(2, await PositionAsync(queue, 2));
        using var follower = _news.Follow(_jobs[2], withQueue: true);
        using var ofEvents = _news.Follow(_jobs[2]);

        queue.Tell(new ReleaseSlot(_jobs[1]));

        Assert.True(await follower.NewsAsync(TimeSpan.FromSeconds(5), TimeProvider.System, CancellationToken.None));
        Assert.Equal(1, await PositionAsync(queue, 2));
        Assert.False(await ofEvents.NewsAsync(TimeSpan.Zero, TimeProvider.System, CancellationToken.None));
    }

    [Fact]
    public async Task Whoever_looks_sees_the_slots_and_the_queue_and_how_long_the_first_has_waited()
    {
        var queue = NewQueue(2);
        foreach (var n in (int[])[0, 1, 2, 3]) Want(queue, n);
        await PositionAsync(queue, 0);

        Assert.Equal((2, 2, 2), (_load.Slots, _load.Holding, _load.Waiting));
        Assert.Equal(TimeSpan.FromSeconds(58), _load.OldestAge(Given.T0.AddSeconds(60)));
        Assert.Equal(TimeSpan.Zero, _load.OldestAge(Given.T0));

        foreach (var n in (int[])[0, 1, 2, 3]) queue.Tell(new ReleaseSlot(_jobs[n]));
        await PositionAsync(queue, 0);

        Assert.Equal((2, 0, 0), (_load.Slots, _load.Holding, _load.Waiting));
        Assert.Equal(TimeSpan.Zero, _load.OldestAge(Given.T0.AddSeconds(60)));
    }

    [Fact]
    public async Task Until_all_have_told_nobody_gets_a_slot_so_that_who_was_accepted_first_goes_first()
    {
        var queue = NewQueue(1, isComplete: false);
        _waker.ExpectMsg<WakeAll>();
        Want(queue, 5);
        await GrantedAsync(queue);
        Assert.False((await StateAsync(queue)).IsComplete);

        queue.Tell(new AllAwake(2));
        await GrantedAsync(queue);
        Want(queue, 2);

        await GrantedAsync(queue, 2);
        Assert.True((await StateAsync(queue)).IsComplete);
    }

    [Fact]
    public async Task Who_was_accepted_since_the_queue_began_stands_for_none_of_those_that_were_woken()
    {
        var queue = NewQueue(1, isComplete: false);
        queue.Tell(new AllAwake(1));
        queue.Tell(new WantSlot(_jobs[7], _clock.GetUtcNow().AddSeconds(1)));
        await GrantedAsync(queue);

        Want(queue, 2);

        await GrantedAsync(queue, 2);
    }

    [Fact]
    public async Task Jobs_that_say_nothing_hold_nobody_up_for_long()
    {
        var queue = NewQueue(1, isComplete: false);
        Want(queue, 1);
        queue.Tell(new AllAwake(2));
        await GrantedAsync(queue);

        _clock.Advance(TimeSpan.FromSeconds(3));
        queue.Tell(SlotQueueActor.Tick.Instance);

        await GrantedAsync(queue, 1);
        Assert.True((await StateAsync(queue)).IsComplete);
    }

    [Fact]
    public async Task However_long_it_took_to_wake_them_all_have_a_moment_to_tell()
    {
        var queue = NewQueue(1, isComplete: false);
        _clock.Advance(2 * new QueueRules().Lease);
        queue.Tell(new AllAwake(2));
        Want(queue, 1);
        Assert.False((await StateAsync(queue)).IsComplete);

        Want(queue, 2);

        Assert.True((await StateAsync(queue)).IsComplete);
    }

    [Fact]
    public async Task Without_a_waker_slots_are_given_after_a_while_and_the_queue_does_not_pass_for_known()
    {
        var queue = NewQueue(1, isComplete: false);
        Want(queue, 1);
        await GrantedAsync(queue);
        _clock.Advance(new QueueRules().Lease);
        queue.Tell(SlotQueueActor.Tick.Instance);

        await GrantedAsync(queue, 1);
        Assert.False((await StateAsync(queue)).IsComplete);
    }

    [Fact]
    public async Task A_queue_that_stood_still_itself_takes_nobody_for_silent()
    {
        var queue = NewQueue(1);
        Want(queue, 0);
        await GrantedAsync(queue, 0);
        queue.Tell(new OfferSlots("w2", 1), ActorRefs.NoSender);
        Want(queue, 1);
        await GrantedAsync(queue, 1);
        foreach (var (n, worker) in ((int, string)[])[(0, "w1"), (1, "w2")]) queue.Tell(new HoldSlot(_jobs[n], Given.T0, Worker: worker));

        _clock.Advance(TimeSpan.FromHours(1));
        queue.Tell(SlotQueueActor.Tick.Instance);

        Assert.Equal(2, (await StateAsync(queue)).Building);
        ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public async Task What_a_tenant_has_open_is_known_to_the_intake_also_before_the_queue_hears_of_it()
    {
        var queue = NewQueue(1);
        _load.Coming(_jobs[0], "acme", Given.T0);
        Assert.Equal((1, 1), _load.At(Given.T0, "acme"));

        queue.Tell(new WantSlot(_jobs[0], Given.T0, "acme"));
        queue.Tell(new WantSlot(_jobs[1], Given.T0, "acme"));
        await GrantedAsync(queue, 0);
        Assert.Equal((1, 2), _load.At(Given.T0, "acme"));
        Assert.Equal((1, 0), _load.At(Given.T0, "other"));

        foreach (var n in (int[])[0, 1]) queue.Tell(new ReleaseSlot(_jobs[n], "acme"));
        await StateAsync(queue);
        _load.Coming(_jobs[3], "acme", Given.T0);
        Assert.Equal((0, 0), _load.At(Given.T0.AddSeconds(10), "acme"));
    }

    [Fact]
    public async Task Another_node_knows_within_a_second_what_waits_and_what_a_tenant_has_open_and_counts_nothing_twice()
    {
        var queue = NewQueue(1);
        var elsewhere = new QueueLoad();
        foreach (var n in (int[])[0, 1]) elsewhere.Coming(_jobs[n], "acme", Given.T0);
        Assert.Equal((2, 2), elsewhere.At(Given.T0, "acme"));
        foreach (var n in (int[])[0, 2, 3]) queue.Tell(new WantSlot(_jobs[n], Given.T0.AddSeconds(n), "acme"));
        await GrantedAsync(queue, 0);

        Sys.ActorOf(Props.Create(() => new QueueLoadActor(elsewhere, queue)));

        await Eventually.Until("it is known", () => elsewhere.At(Given.T0, "acme") == (3, 4));
        Assert.Equal((3, 0), elsewhere.At(Given.T0, "other"));
        Assert.Equal([_jobs[1]], elsewhere.OnTheirWay);
        Assert.Equal(QueueState.Unknown, elsewhere.State);
        Assert.Equal((2, 3), elsewhere.At(Given.T0.AddSeconds(10), "acme"));
    }

    private static async Task<QueueState> StateAsync(IActorRef queue) => await queue.Ask<QueueState>(new GetQueueState(), TimeSpan.FromSeconds(5));

    /// <param name="slots">Of the only node; null where workers offer theirs.</param>
    private IActorRef NewQueue(int? slots, QueueRules? rules = null, bool isComplete = true)
    {
        var own = slots is { } count ? new OfferSlots("w1", count) : null;
        var engine = new QueueEngine(rules ?? new QueueRules(), own, TestActor, () => _waker, _news, _load, _clock, NullLogger.Instance);
        var queue = Sys.ActorOf(Props.Create(() => new SlotQueueActor(engine)));
        if (isComplete) queue.Tell(new AllAwake(0));
        return queue;
    }

    /// <summary>Jobs were accepted in the order of their numbers.</summary>
    private void Want(IActorRef queue, int number) => queue.Tell(new WantSlot(_jobs[number], Given.T0.AddSeconds(number)));

    private async Task GrantedAsync(IActorRef queue, params int[] numbers)
    {
        await PositionAsync(queue, 0);
        foreach (var number in numbers) Assert.Equal(_jobs[number], ExpectMsg<SlotGranted>().Job);
        ExpectNoMsg(TimeSpan.Zero);
    }

    private async Task<int?> PositionAsync(IActorRef queue, int number) =>
        (await queue.Ask<QueuePosition>(new GetQueuePosition(_jobs[number]), TimeSpan.FromSeconds(5))).Position;
}
