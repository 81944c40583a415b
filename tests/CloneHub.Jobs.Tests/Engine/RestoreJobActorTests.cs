using Akka.Actor;
using CloneHub.Contracts;
using CloneHub.Jobs.Api;
using CloneHub.Jobs.GetJobStatus;
using CloneHub.Jobs.Queue;
using CloneHub.Testing;

namespace CloneHub.Jobs.Tests.Engine;

/// <summary>A restore is driven by the same actor as a clone.</summary>
public sealed class RestoreJobActorTests(Stores stores) : JobKit(stores, stores.NewCorner())
{
    [Fact]
    public async Task Its_steps_are_ordered_one_after_the_other()
    {
        Facts = GivenRestore.Facts;
        var job = await RestoreInAsync(RestoreStage.Requested);
        Jobs.Tell(new SlotGranted(job));
        foreach (var step in (CloneStep[])[CloneStep.PlanRestore, CloneStep.StageRestore, CloneStep.SwapRestore])
        {
            var order = Ordered();
            Assert.Equal((step, GivenRestore.Clone, GivenRestore.Target), (order.Token.Step, order.Order.SourceUrl, order.Order.Restore!.TargetUrl));
            Report(order);
        }

        await ReachesAsync(job, RestoreStage.Undoable);
        Assert.Equal(
            "RestoreRequested Started StepStarted Planned SnapshotTaken StepStarted Staged Verified StepStarted Swapped Probed RestoreCompleted", (await EventsAsync(job)).Split(" EarlierReplaced")[0]);
    }

    [Fact]
    public async Task Log_ins_are_forgotten_when_all_lies_beside_the_site_and_the_key_when_the_way_back_is_over()
    {
        var job = await RestoreInAsync(RestoreStage.Planned);
        Assert.Equal("target-password", (await Vault.OpenAsync(job, CancellationToken.None))!.TargetPassword!.Reveal());

        Report(Ordered());

        await Eventually.Until("the log-ins are forgotten", async () => await Vault.OpenAsync(job, CancellationToken.None) is { TargetPassword: null, SourceUsername: "" });
        Report(Ordered());
        await ReachesAsync(job, RestoreStage.Undoable);
        Assert.NotEmpty((await Vault.OpenAsync(job, CancellationToken.None))!.ConnectorKey.Reveal());
        Jobs.Tell(new CancelJob(job));
        Report(Ordered());
        await Eventually.Until("nothing is kept", async () => await Vault.OpenAsync(job, CancellationToken.None) is null);
    }

    [Fact]
    public async Task After_a_crash_while_places_change_the_step_is_started_again()
    {
        var job = await RestoreInAsync(RestoreStage.Staged);
        var first = Ordered();

        await CrashAsync(job, Kill.Instance);
        Wake(job);

        var again = Ordered();
        Assert.Equal(first.Token with { Attempt = 2, Fence = first.Token.Fence + 1 }, again.Token);
        Assert.Equal([GivenRestore.Mark], again.Order.Restore!.Snapshot!);
    }

    [Fact]
    public async Task A_day_after_it_was_done_it_leaves()
    {
        var job = await RestoreInAsync(RestoreStage.Undoable);
        await ServesDeadlineAsync(job, Clock.GetUtcNow() + RestoreJob.UndoLimit);
        Clock.Advance(RestoreJob.UndoLimit);

        Jobs.Tell(new ExpireJob(job));

        Assert.Equal(CloneStep.EndRestore, Ordered().Token.Step);
    }

    [Fact]
    public async Task Its_owner_may_undo_it()
    {
        var job = await RestoreInAsync(RestoreStage.Undoable);

        var state = await Jobs.Ask<JobState>(new RollBackJob(job), Patience);
        Assert.Equal(RestoreStage.RollingBack, ((RestoreJob)state.Job).Stage);
        Report(Ordered());
        Assert.Equal(CloneStep.EndRestore, Ordered().Token.Step);
        var read = (await NewReader(Store).ReadAsync(job, 0, CancellationToken.None))!;
        Assert.Equal(("restore", JobStatus.Completed, "The site has its old content again."), (read.Type, read.Status, read.Message));
        Assert.NotNull(read.Restore!.RolledBackAt);
    }

    [Fact]
    public async Task The_next_restore_of_the_site_ends_the_day_of_undo()
    {
        var earlier = await RestoreInAsync(RestoreStage.Undoable, GivenRestore.Request with { Order = GivenRestore.Request.Order with { TargetUrl = new Uri("http://WWW.shop.example") } });
        var elsewhere = await RestoreInAsync(RestoreStage.Undoable, GivenRestore.Request with { Order = GivenRestore.Request.Order with { TargetUrl = new Uri("http://shop.example/blog/") } });
        Clock.Advance(TimeSpan.FromSeconds(1));

        var later = await RestoreInAsync(RestoreStage.Undoable);

        await ReachesAsync(earlier, RestoreStage.Ending);
        await Eventually.Until("the later one is told", async () => (await JournalAsync(later)).Any(r => r.Event is EarlierReplaced { Jobs: [var told] } && told == earlier.Value));
        Assert.Equal(RestoreStage.Undoable, ((RestoreJob)(await StateAsync(elsewhere)).Job).Stage);
    }

    /// <summary>As PostgreSQL gives its status back once the job is in the event log.</summary>
    [Fact]
    public async Task It_is_read_from_the_projection_as_from_itself()
    {
        ArchiveForReal();
        var job = await RestoreInAsync(RestoreStage.Undoable);
        var own = await StateAsync(job);
        await Eventually.Until("the projection holds the job", async () =>
        {
            await using var session = Stores.Documents.QuerySession();
            return (await session.LoadAsync<JobStatusView>(job.Value))?.Version >= own.Version;
        });

        var read = (await NewReader(Store).ReadAsync(job, 0, CancellationToken.None))!;

        Assert.Equal(("restore", JobStatus.Completed, 100), (read.Type, read.Status, read.Progress));
        Assert.Equal(GivenRestore.Plan.Tables, read.Restore!.Plan!.Tables);
        Assert.Equal(((RestoreJob)own.Job).UndoUntil, read.Restore.UndoUntil);
    }

    private async Task<JobId> RestoreInAsync(RestoreStage stage, RequestRestore? request = null)
    {
        Facts = GivenRestore.Facts;
        var job = await AcceptedAsync(request ?? GivenRestore.Request);
        Wake(job);
        Queue.FishForMessage(m => m is WantSlot w && w.Job == job, Patience);
        if (stage is RestoreStage.Requested) return job;
        Jobs.Tell(new SlotGranted(job));
        while (((RestoreJob)(await StateAsync(job)).Job).Stage < stage) Report(Ordered());
        return job;
    }

    private Task ReachesAsync(JobId job, RestoreStage stage) =>
        Eventually.Until($"{job} is {stage}", async () => (await StateAsync(job)).Job is RestoreJob { Stage: var reached } && reached == stage);
}
