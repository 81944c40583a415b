using Akka.Actor;
using CloneHub.Contracts;
using CloneHub.Jobs.Archive;
using CloneHub.Jobs.Journal;
using CloneHub.Jobs.Queue;
using CloneHub.Testing;

namespace CloneHub.Jobs.Tests.Engine;

[Trait("Needs", "servers")]
public sealed class CloneJobActorTests(Stores stores) : JobKit(stores, stores.NewCorner())
{
    private const string WholeHistory =
        "CloneRequested Started StepStarted DatabaseReady StepStarted PodReady StepStarted ContentImported StepStarted PluginActivated StepStarted IngressReady";

    [Fact]
    public async Task The_end_of_a_step_and_the_start_of_the_next_are_one_write()
    {
        var job = await JobInAsync(Stage.Started);
        var create = Ordered();
        Drain(Archiver);

        Report(create);

        var start = Ordered().Token;
        Assert.Equal((job, CloneStep.StartPod, 1, 2L), (start.Job, start.Step, start.Attempt, start.Fence));
        Assert.Equal([typeof(DatabaseReady), typeof(StepStarted)], Archiver.ExpectMsg<ArchiveEntry>(Patience).Events.Select(e => e.Event.GetType()));
    }

    [Fact]
    public async Task A_job_that_is_woken_archives_what_it_has_and_asks_for_a_slot()
    {
        var job = await AcceptedAsync();

        Wake(job);

        var entry = Archiver.ExpectMsg<ArchiveEntry>();
        Assert.Equal((job, 1L, 1L, true), (entry.Job, entry.First, entry.Last, entry.LookFirst));
        Assert.Equal(new WantSlot(job, Given.T0, "acme"), Queue.ExpectMsg<WantSlot>());
        Assert.Equal("CloneRequested", await EventsAsync(job));
    }

    [Fact]
    public async Task A_step_is_in_the_journal_before_it_is_ordered()
    {
        var job = await JobInAsync(Stage.Requested);
        Jobs.Tell(new SlotGranted(job));

        foreach (var step in Enum.GetValues<CloneStep>().Where(s => s < CloneStep.Remove))
        {
            var order = Ordered();
            var started = Assert.IsType<StepStarted>((await JournalAsync(job))[^1].Event);
            Assert.Equal(new StepToken(job, step, started.Attempt, started.Fence), order.Token);
            Assert.Equal(
                new CloneOrder(job, Given.Source, "acme", "shop", Username: step > CloneStep.ActivatePlugin ? Given.Facts.Username : null, UploadWasCut: step is CloneStep.ImportContent), order.Order);
            Report(order);
        }
    }

    [Fact]
    public async Task A_clone_that_serves_is_crawled_and_serves_on_without_a_slot()
    {
        Facts = Given.Facts with { CrawlFollows = true, Crawl = new CrawlFacts(3, 1, 2, 9, ["/about answers 404 instead of 200"], []) };
        var job = await JobInAsync(Stage.PluginActivated);
        Report(Ordered());

        var order = Ordered();
        Assert.Equal((CloneStep.Crawl, Given.Facts.CloneUrl), (order.Token.Step, order.Order.CloneUrl));
        Assert.Null(order.Worker);
        Report(order);

        var state = await StateAsync(job);
        Assert.Equal((Stage.Serving, "completed"), (state.Job.Stage, state.Job.Status));
        Assert.EndsWith("IngressReady StepStarted Crawled", await EventsAsync(job), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_job_goes_through_all_steps_and_tells_the_archive_each_event_once()
    {
        var job = await JobInAsync(Stage.Serving);

        Assert.Equal(WholeHistory, await EventsAsync(job));
        var told = Drain(Archiver);
        var sent = told.OfType<ArchiveEntry>().ToList();
        Assert.Equal(new Wanted(job), Assert.Single(told.OfType<Wanted>()));
        Assert.Equal(Enumerable.Range(1, 12).Select(n => (long)n), sent.SelectMany(e => e.Events.Select((_, i) => e.First + i)));
        Assert.Equal((await JournalAsync(job)).Select(r => r.EventId), sent.SelectMany(e => e.Events).Select(r => r.EventId));
        Assert.Equal((Stage.Serving, 12L), ((await StateAsync(job)).Job.Stage, (await StateAsync(job)).Version));
    }

    [Fact]
    public async Task A_step_that_has_ended_is_not_ordered_to_stop()
    {
        await JobInAsync(Stage.Serving);

        Runner.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public async Task A_slot_is_held_while_building_and_given_back_when_serving()
    {
        var job = await JobInAsync(Stage.Started);
        Queue.FishForMessage(m => m is HoldSlot h && h.Job == job, Patience);

        while ((await StateAsync(job)).Job.Stage is not Stage.Serving) Report(Ordered());

        Queue.FishForMessage(m => m is ReleaseSlot r && r.Job == job, Patience);
    }

    [Fact]
    public async Task A_job_that_loses_its_slot_stops_its_step_waits_and_starts_it_again_with_the_next_slot()
    {
        var job = await JobInAsync(Stage.Started);
        var first = Ordered();
        Drain(Queue);

        Jobs.Tell(new SlotLost(job, "n1"));

        Assert.Equal(first.Token, Runner.ExpectMsg<CancelStep>(Patience).Token);
        Assert.Equal(new WantSlot(job, Given.T0, "acme", HasClone: true, Left: "n1"), Queue.ExpectMsg<WantSlot>(Patience));
        await StateAsync(job);
        Runner.ExpectNoMsg(TimeSpan.Zero);
        Assert.Equal(StepFault.WorkerLost, Assert.IsType<StepFailed>((await JournalAsync(job))[^1].Event).Fault.Code);

        Jobs.Tell(new SlotGranted(job, "n2"));

        Assert.Equal(first.Token with { Attempt = 2, Fence = 2 }, Ordered().Token);
        Queue.FishForMessage(m => m is HoldSlot { Worker: "n2" }, Patience);
    }

    [Fact]
    public async Task A_lost_slot_of_a_worker_that_it_has_left_concerns_no_job()
    {
        var job = await JobInAsync(Stage.Requested);
        Jobs.Tell(new SlotGranted(job, "n2"));
        Ordered();

        Jobs.Tell(new SlotLost(job, "n1"));

        await StateAsync(job);
        Assert.DoesNotContain(Drain(Runner), m => m is CancelStep);
    }

    [Fact]
    public async Task A_late_report_of_an_overtaken_attempt_changes_nothing()
    {
        var job = await JobInAsync(Stage.DatabaseReady);
        var first = Ordered();
        await CrashAsync(job, Kill.Instance);
        Wake(job);
        var second = Ordered();
        var before = (await StateAsync(job)).Version;

        Report(first);
        Report(first, Given.Final);

        Assert.Equal((before, Stage.DatabaseReady), ((await StateAsync(job)).Version, (await StateAsync(job)).Job.Stage));
        Report(second);
        Assert.Equal(Stage.PodReady, (await StateAsync(job)).Job.Stage);
    }

    [Fact]
    public async Task A_passing_fault_is_tried_again_after_a_pause()
    {
        var job = await JobInAsync(Stage.Started);
        var first = Ordered();

        Report(first, Given.Passing);

        var waiting = Assert.IsType<CloneJob>((await StateAsync(job)).Job);
        Assert.Equal((1, false), (waiting.Failures, waiting.StepRunning));
        Runner.ExpectNoMsg(TimeSpan.Zero);
        Pass(waiting.RetryAt - Clock.GetUtcNow());
        Assert.Equal(first.Token with { Attempt = 2, Fence = 2 }, Ordered().Token);
    }

    [Fact]
    public async Task A_pause_survives_the_actor()
    {
        var job = await JobInAsync(Stage.Started);
        Report(Ordered(), Given.Passing);
        var retryAt = (await StateAsync(job)).Job.RetryAt;

        await CrashAsync(job, Kill.Instance);
        Drain(Queue);
        Wake(job);
        Queue.ExpectMsg<HoldSlot>(Patience);
        await StateAsync(job);
        Runner.ExpectNoMsg(TimeSpan.Zero);
        Pass(retryAt - Clock.GetUtcNow());

        Assert.Equal(2, Ordered().Token.Attempt);
    }

    [Fact]
    public async Task A_step_that_takes_too_long_is_stopped_and_has_failed()
    {
        var job = await JobInAsync(Stage.Started);
        var order = Ordered();

        Pass(CloneJob.LimitOf(CloneStep.CreateDatabase) - TimeSpan.FromSeconds(1));
        await StateAsync(job);
        Runner.ExpectNoMsg(TimeSpan.Zero);
        Pass(TimeSpan.FromSeconds(1));

        Assert.Equal(order.Token, Runner.ExpectMsg<CancelStep>(Patience).Token);
        var failed = Assert.IsType<StepFailed>((await JournalAsync(job))[^1].Event);
        Assert.Equal(("STEP_TIMED_OUT", 1), (failed.Fault.Code, failed.Attempt));
    }

    [Fact]
    public async Task Time_does_not_run_out_for_a_step_that_has_ended()
    {
        var job = await JobInAsync(Stage.PluginActivated);
        Report(Ordered());
        var version = (await StateAsync(job)).Version;

        Pass(TimeSpan.FromMinutes(6));

        Assert.Equal(version, (await StateAsync(job)).Version);
    }

    [Fact]
    public async Task A_cancelled_job_stops_its_step_and_removes_what_there_is()
    {
        var job = await JobInAsync(Stage.PodReady);
        var import = Ordered();

        var answer = await Jobs.Ask<JobState>(new CancelJob(job), Patience);

        Assert.Equal(Stage.Removing, answer.Job.Stage);
        Assert.Equal(import.Token, Runner.ExpectMsg<CancelStep>(Patience).Token);
        var remove = Runner.ExpectMsg<RunStep>(Patience);
        Assert.Equal((CloneStep.Remove, import.Token.Fence + 1), (remove.Token.Step, remove.Token.Fence));
        Report(remove);
        Assert.Equal(Stage.Cancelled, (await StateAsync(job)).Job.Stage);
    }

    [Fact]
    public async Task A_cancellation_is_answered_when_it_is_durable()
    {
        var job = await JobInAsync(Stage.PodReady);
        await OvertakeAsync(job);

        var refused = Jobs.Ask<JobState>(new CancelJob(job), TimeSpan.FromSeconds(1));

        await Assert.ThrowsAsync<AskTimeoutException>(() => refused);
        Assert.DoesNotContain(await JournalAsync(job), r => r.Event is CancelRequested);
        var again = await Jobs.Ask<JobState>(new CancelJob(job), Patience);
        Assert.Equal(Stage.Removing, again.Job.Stage);
        Assert.Contains(await JournalAsync(job), r => r.Event is CancelRequested);
    }

    [Fact]
    public async Task A_job_that_cannot_write_asks_to_be_woken_and_goes_on_from_what_is_written()
    {
        var job = await JobInAsync(Stage.PodReady);
        var import = Ordered();
        await OvertakeAsync(job);

        Report(import);

        Assert.Equal(job, Waker.ExpectMsg<WakeLater>(Patience).Job);
        Wake(job);
        var again = Ordered();
        Assert.Equal((CloneStep.ImportContent, 3), (again.Token.Step, again.Token.Attempt));
        Report(again);
        Assert.Equal(Stage.ContentImported, (await StateAsync(job)).Job.Stage);
    }

    [Fact]
    public async Task Progress_is_told_and_remembered()
    {
        var job = await JobInAsync(Stage.PodReady);
        var import = Ordered();

        Jobs.Tell(new StepProgressed(import.Token, 0.5, "Copying files: 5 of 10"));
        var state = await StateAsync(job);

        Assert.Equal((59, "Copying files: 5 of 10"), (state.Job.Progress(state.Fraction), state.Doing));
        await Eventually.Until("Redis knows the progress", async () => await Store.ProgressAsync(job) == 59);
        Jobs.Tell(new StepProgressed(import.Token with { Fence = 1 }, 0.9, "late"));
        Jobs.Tell(new StepProgressed(import.Token, 0.2, "Copying files: 2 of 10"));
        Assert.Equal(0.5, (await StateAsync(job)).Fraction);
    }

    /// <summary>Another writer, on the other side of a split, starts the running step once more.</summary>
    private async Task OvertakeAsync(JobId job)
    {
        var other = NewSystem();
        var region = NewRegion(other);
        region.Tell(new WakeJob(job));
        Runner.FishForMessage(m => m is RunStep { Token.Attempt: 2 }, Patience);
        await other.Terminate();
    }
}
