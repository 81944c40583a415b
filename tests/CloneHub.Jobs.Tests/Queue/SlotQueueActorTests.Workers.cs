using Akka.Actor;
using CloneHub.Jobs.Queue;

namespace CloneHub.Jobs.Tests.Queue;

/// <summary>Workers that come, offer, fall silent, end and are left.</summary>
public sealed partial class SlotQueueActorTests
{
    [Fact]
    public async Task A_worker_offers_slots_and_its_silence_takes_them_from_its_jobs()
    {
        var queue = NewQueue(1);
        Want(queue, 0);
        await GrantedAsync(queue, 0);
        var worker = CreateTestProbe("worker");
        queue.Tell(new OfferSlots("w2", 1), worker);
        Assert.Equal(new SlotsLeased("w2", new QueueRules().Lease), worker.ExpectMsg<SlotsLeased>());
        Want(queue, 1);
        Want(queue, 2);
        Assert.Equal(new SlotGranted(_jobs[1], "w2"), ExpectMsg<SlotGranted>());
        foreach (var (n, name) in ((int, string)[])[(0, "w1"), (1, "w2")]) queue.Tell(new HoldSlot(_jobs[n], Given.T0, Worker: name));

        await StateAsync(queue);
        for (var n = 0; n < 4; n++)
        {
            _clock.Advance(new QueueRules().Lease / 3);
            queue.Tell(SlotQueueActor.Tick.Instance);
            await StateAsync(queue);
        }

        Assert.Equal(new SlotLost(_jobs[1], "w2"), ExpectMsg<SlotLost>());
        Assert.Equal(1, await PositionAsync(queue, 1));
        Assert.Equal(2, await PositionAsync(queue, 2));
    }

    [Fact]
    public async Task Where_workers_offer_their_slots_nobody_else_does()
    {
        var queue = NewQueue(null);
        Want(queue, 0);
        await GrantedAsync(queue);

        queue.Tell(new OfferSlots("w2", 1), ActorRefs.NoSender);

        Assert.Equal(new SlotGranted(_jobs[0], "w2"), ExpectMsg<SlotGranted>());
    }

    [Fact]
    public async Task A_job_that_asks_is_told_where_its_slot_is_and_one_that_has_left_gets_another()
    {
        var queue = NewQueue(null);
        queue.Tell(new OfferSlots("w1", 2), ActorRefs.NoSender);
        Want(queue, 0);
        Assert.Equal(new SlotGranted(_jobs[0], "w1"), ExpectMsg<SlotGranted>());
        Want(queue, 0);
        Assert.Equal(new SlotGranted(_jobs[0], "w1"), ExpectMsg<SlotGranted>());

        queue.Tell(new WantSlot(_jobs[0], Given.T0, Left: "w1"));
        await GrantedAsync(queue);
        queue.Tell(new OfferSlots("w2", 1), ActorRefs.NoSender);
        Assert.Equal(new SlotGranted(_jobs[0], "w2"), ExpectMsg<SlotGranted>());
        queue.Tell(new WantSlot(_jobs[0], Given.T0, Left: "w1"));
        Assert.Equal(new SlotGranted(_jobs[0], "w2"), ExpectMsg<SlotGranted>());

        Want(queue, 1);
        await GrantedAsync(queue);
        queue.Tell(new OfferSlots("w1", 2), ActorRefs.NoSender);
        Assert.Equal(new SlotGranted(_jobs[1], "w1"), ExpectMsg<SlotGranted>());
    }

    [Fact]
    public async Task A_worker_that_ends_in_order_lets_its_jobs_end_their_steps_and_gets_no_more()
    {
        var queue = NewQueue(null);
        queue.Tell(new OfferSlots("w1", 2), ActorRefs.NoSender);
        Want(queue, 0);
        await GrantedAsync(queue, 0);

        queue.Tell(new OfferSlots("w1", 0), ActorRefs.NoSender);
        Want(queue, 1);
        Assert.Equal(new SlotLost(_jobs[0], "w1", AfterStep: true), ExpectMsg<SlotLost>());
        await GrantedAsync(queue);
        queue.Tell(new WithdrawSlots("w1"));

        Assert.Equal(new SlotLost(_jobs[0], "w1"), ExpectMsg<SlotLost>());
        Assert.Equal(1, await PositionAsync(queue, 0));
        Assert.Equal(2, await PositionAsync(queue, 1));
    }

    [Fact]
    public async Task More_workers_than_may_be_are_told_that_they_are_not_needed()
    {
        var queue = NewQueue(null, new QueueRules { Workers = 1 });
        queue.Tell(new OfferSlots("w1", 1), TestActor);
        queue.Tell(new OfferSlots("w2", 1), TestActor);
        Assert.Equal([new QueueRules().Lease, null], (TimeSpan?[])[ExpectMsg<SlotsLeased>().Lease, ExpectMsg<SlotsLeased>().Lease]);

        queue.Tell(new WithdrawSlots("w1"));
        queue.Tell(new OfferSlots("w2", 1), TestActor);

        Assert.NotNull(ExpectMsg<SlotsLeased>().Lease);
        Assert.Equal(1, (await StateAsync(queue)).Workers);
    }
}
