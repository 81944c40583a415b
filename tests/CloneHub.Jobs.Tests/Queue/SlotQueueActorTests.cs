using Akka.Actor;
using Akka.TestKit.Xunit2;
using CloneHub.Contracts;
using CloneHub.Jobs.FollowJob;
using CloneHub.Jobs.Queue;
using CloneHub.Jobs.Vault;

namespace CloneHub.Jobs.Tests.Queue;

public sealed class SlotQueueActorTests : TestKit
{
    private readonly QueueLoad _load = new();
    private readonly JobId[] _jobs = [.. Enumerable.Range(0, 8).Select(_ => IdempotentJobId.New())];

    private readonly JobNews _news = new();

    public SlotQueueActorTests()
        : base("akka.loglevel = OFF")
    {
    }

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

    private IActorRef NewQueue(int slots) => Sys.ActorOf(Props.Create(() => new SlotQueueActor(slots, TestActor, _news, _load)));

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
