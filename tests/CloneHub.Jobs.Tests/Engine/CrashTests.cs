using Akka.Actor;
using CloneHub.Contracts;
using CloneHub.Jobs.Queue;

namespace CloneHub.Jobs.Tests.Engine;

/// <summary>Whatever dies wherever, the job ends as it would have.</summary>
[Trait("Needs", "servers")]
public sealed class CrashTests(Stores stores) : JobKit(stores, stores.NewCorner())
{
    private readonly List<ActorSystem> _systems = [];

    public static TheoryData<CloneStep, string> Deaths()
    {
        var deaths = new TheoryData<CloneStep, string>();
        foreach (var step in Enum.GetValues<CloneStep>().Where(step => step <= CloneStep.Remove))
        {
            foreach (var how in (string[])["kill", "poison", "system"]) deaths.Add(step, how);
        }

        return deaths;
    }

    [Theory]
    [MemberData(nameof(Deaths))]
    public async Task A_crash_inside_a_step_is_one_more_attempt_with_a_higher_fence(CloneStep step, string how)
    {
        var job = await AcceptedAsync();
        var order = await AdvanceToAsync(job, step);

        await DieAsync(job, how);
        Wake(job);

        var again = Ordered();
        Assert.Equal(order.Token with { Attempt = 2, Fence = order.Token.Fence + 1 }, again.Token);
        Assert.Equal(Given.TraceParent, again.TraceParent);
        Report(again);
        await FinishAsync(job);
    }

    [Fact]
    public async Task A_crash_while_a_clone_is_crawled_has_it_crawled_again()
    {
        Facts = Given.Facts with { CrawlFollows = true, Crawl = new CrawlFacts(1, 0, 0, 0, [], []) };
        var job = await AcceptedAsync();
        Report(await AdvanceToAsync(job, CloneStep.OpenIngress));
        Assert.Equal(CloneStep.Crawl, Ordered().Token.Step);

        await DieAsync(job, "kill");
        Wake(job);

        var again = Ordered();
        Assert.Equal((CloneStep.Crawl, 2), (again.Token.Step, again.Token.Attempt));
        Report(again);
        Assert.Null((await StateAsync(job)).Job.NextStep);
    }

    [Fact]
    public async Task A_crash_at_every_stage_changes_nothing_of_the_end()
    {
        var job = await JobInAsync(Stage.Requested);
        await DieAsync(job, "kill");
        Wake(job);
        Jobs.Tell(new SlotGranted(job));
        while (Ordered() is { } order)
        {
            await DieAsync(job, "kill");
            Wake(job);
            var again = Ordered();
            Assert.Equal(order.Token with { Attempt = 2, Fence = order.Token.Fence + 1 }, again.Token);
            Report(again);
            if (again.Token.Step is CloneStep.OpenIngress) break;
        }

        await FinishAsync(job);
    }

    [Fact]
    public async Task A_slot_granted_to_a_dead_actor_is_asked_for_again()
    {
        var job = await JobInAsync(Stage.Requested);
        await CrashAsync(job, Kill.Instance);

        Wake(job);

        Assert.Equal(job, ((WantSlot)Queue.FishForMessage(m => m is WantSlot, Patience)).Job);
    }

    [Fact]
    public async Task A_job_that_kills_whoever_runs_it_fails_in_the_end()
    {
        var job = await AcceptedAsync();
        await AdvanceToAsync(job, CloneStep.StartPod);
        for (var attempt = 2; attempt <= CloneJob.MaxAttempts; attempt++)
        {
            await CrashAsync(job, Kill.Instance);
            Wake(job);
            Assert.Equal(attempt, Ordered().Token.Attempt);
        }

        await CrashAsync(job, Kill.Instance);
        Wake(job);
        Queue.FishForMessage(m => m is ReleaseSlot, Patience);

        Assert.Equal("STEP_STARTED_TOO_OFTEN", (await StateAsync(job)).Job.Fault!.Code);
    }

    private async Task<RunStep> AdvanceToAsync(JobId job, CloneStep step)
    {
        Wake(job);
        Jobs.Tell(new SlotGranted(job));
        var order = Ordered();
        while (order.Token.Step != step)
        {
            Report(order);
            if (order.Token.Step is CloneStep.OpenIngress)
            {
                await Jobs.Ask<JobState>(new CancelJob(job), Patience);
            }

            order = Ordered();
        }

        return order;
    }

    private async Task DieAsync(JobId job, string how)
    {
        if (how is "kill") await CrashAsync(job, Kill.Instance);
        else if (how is "poison") await CrashAsync(job, PoisonPill.Instance);
        else
        {
            // The same stores, a new program: nothing in memory is left.
            await CrashAsync(job, Kill.Instance);
            var next = NewSystem();
            _systems.Add(next);
            Jobs = NewRegion(next);
        }
    }

    protected override void AfterAll()
    {
        foreach (var system in _systems) Shutdown(system);
        base.AfterAll();
    }

    private async Task FinishAsync(JobId job)
    {
        var state = await StateAsync(job);
        while (state.Job.Stage is not (Stage.Serving or Stage.Removed))
        {
            Report(Ordered());
            state = await StateAsync(job);
        }

        if (state.Job.Stage is Stage.Serving)
        {
            await Jobs.Ask<JobState>(new CancelJob(job), Patience);
            Report(Ordered());
        }

        Assert.Equal((Stage.Removed, Outcome.Completed), ((await StateAsync(job)).Job.Stage, (await StateAsync(job)).Job.Outcome));
        var events = (await JournalAsync(job)).Select(r => r.Event).Where(e => e is not StepStarted).Select(e => e.GetType().Name);
        Assert.Equal("CloneRequested Started DatabaseReady PodReady ContentImported PluginActivated IngressReady CancelRequested Removed", string.Join(' ', events));
        var fences = (await JournalAsync(job)).Select(r => r.Event).OfType<StepStarted>().Select(s => s.Fence).ToList();
        Assert.Equal(Enumerable.Range(1, fences.Count).Select(n => (long)n), fences);
    }
}
