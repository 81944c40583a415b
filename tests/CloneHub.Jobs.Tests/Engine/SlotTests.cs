using Akka.Actor;
using CloneHub.Contracts;
using CloneHub.Jobs.Queue;

namespace CloneHub.Jobs.Tests.Engine;

/// <summary>A job and the worker that its slot is on, where there are several.</summary>
[Trait("Needs", "servers")]
public sealed class SlotTests : JobKit
{
    public SlotTests(Stores stores)
        : base(stores, stores.NewCorner())
    {
        IsAlone = false;
        Jobs = NewRegion(Sys);
    }

    [Fact]
    public async Task Steps_are_ordered_from_the_worker_that_the_slot_is_on()
    {
        var job = await BuildingAsync("w1");
        var first = Ordered();
        Report(first);

        Assert.Equal(("w1", "w1"), (first.Worker, Ordered().Worker));
        Queue.FishForMessage(m => m is HoldSlot { Worker: "w1" } h && h.Job == job, Patience);
        Assert.Equal(["w1", "w1"], (await JournalAsync(job)).Select(r => r.Event).OfType<StepStarted>().Select(started => started.Node));
    }

    [Fact]
    public async Task A_removal_needs_no_slot_and_any_worker_will_do()
    {
        var job = await BuildingAsync("w1");
        Ordered();

        Jobs.Tell(new CancelJob(job));

        var removal = Ordered();
        Assert.Equal((CloneStep.Remove, null), (removal.Token.Step, removal.Worker));
    }

    [Fact]
    public async Task Nobody_waits_behind_a_job_that_waits_for_its_owner()
    {
        var job = await JobInAsync(Stage.Requested, new RequestClone(Given.Source, "acme", "shop", Given.Ttl, "f1", ByHand: true));
        Jobs.Tell(new SlotGranted(job, "w1"));
        while (Ordered() is var order && order.Token.Step is not CloneStep.AwaitConnector) Report(order, order.Token.Step is CloneStep.ImportContent ? Given.Final : null);
        Queue.FishForMessage(m => m is ReleaseSlot { HasClone: true } r && r.Job == job, Patience);
        var waiting = (await StateAsync(job)).Job;
        Assert.Equal(Given.Final, waiting.Awaited);

        // A slot that comes too late is given back.
        Drain(Queue);
        Jobs.Tell(new SlotGranted(job, "w1"));
        Queue.FishForMessage(m => m is ReleaseSlot r && r.Job == job, Patience);

        Jobs.Tell(new StepReported(waiting.Running(job)!, null, Given.Facts));
        Queue.FishForMessage(m => m is WantSlot { HasClone: true } w && w.Job == job, Patience);
        Runner.ExpectNoMsg(TimeSpan.Zero);
        Jobs.Tell(new SlotGranted(job, "w2"));
        var import = Ordered();
        Assert.Equal((CloneStep.ImportContent, 3, "w2"), (import.Token.Step, import.Token.Attempt, import.Worker));
    }

    [Fact]
    public async Task With_its_worker_a_job_loses_its_slot_and_goes_on_where_it_gets_another()
    {
        var job = await BuildingAsync("w1");
        var first = Ordered();
        Drain(Queue);

        Report(first, StepFault.LostWorker);

        Assert.Equal(new WantSlot(job, Given.T0, "acme", HasClone: true, Left: "w1"), Queue.ExpectMsg<WantSlot>(Patience));
        await StateAsync(job);
        Runner.ExpectNoMsg(TimeSpan.Zero);

        // The queue has found out by itself, meanwhile.
        Jobs.Tell(new SlotLost(job, "w1"));
        Jobs.Tell(new SlotGranted(job, "w2"));
        var second = Ordered();
        Assert.Equal((first.Token with { Attempt = 2, Fence = 2 }, "w2"), (second.Token, second.Worker));
    }

    [Fact]
    public async Task A_slot_that_has_moved_is_kept_when_the_worker_before_is_lost_with_a_step()
    {
        var job = await BuildingAsync("w1");
        var first = Ordered();
        Jobs.Tell(new SlotGranted(job, "w2"));

        Report(first, StepFault.LostWorker);

        Assert.Equal("w2", Ordered().Worker);
    }

    [Fact]
    public async Task A_worker_that_ends_in_order_ends_the_step_and_the_next_one_needs_a_slot_elsewhere()
    {
        var job = await BuildingAsync("w1");
        var first = Ordered();
        Drain(Queue);

        Jobs.Tell(new SlotLost(job, "w1", AfterStep: true));
        await StateAsync(job);
        Runner.ExpectNoMsg(TimeSpan.Zero);
        Report(first);

        Queue.FishForMessage(m => m is WantSlot { Left: "w1", HasClone: true }, Patience);
        Assert.Equal(Stage.DatabaseReady, (await StateAsync(job)).Job.Stage);
        Runner.ExpectNoMsg(TimeSpan.Zero);
        Jobs.Tell(new SlotGranted(job, "w2"));
        Assert.Equal("w2", Ordered().Worker);
        Assert.DoesNotContain(await JournalAsync(job), r => r.Event is StepFailed);
    }

    [Fact]
    public async Task A_job_that_comes_back_on_another_node_asks_where_its_slot_is_before_it_goes_on()
    {
        var job = await BuildingAsync("w1");
        Ordered();
        await CrashAsync(job, Kill.Instance);
        Drain(Queue);
        Drain(Runner);

        Wake(job);

        Assert.Equal(new WantSlot(job, Given.T0, "acme", HasClone: true), Queue.ExpectMsg<WantSlot>(Patience));
        await StateAsync(job);
        Runner.ExpectNoMsg(TimeSpan.Zero);
        Jobs.Tell(new SlotGranted(job, "w1"));
        Assert.Equal((2L, "w1"), Ordered() is var again ? (again.Token.Fence, again.Worker) : default);
    }

    private async Task<JobId> BuildingAsync(string worker)
    {
        var job = await JobInAsync(Stage.Requested);
        Jobs.Tell(new SlotGranted(job, worker));
        return job;
    }
}
