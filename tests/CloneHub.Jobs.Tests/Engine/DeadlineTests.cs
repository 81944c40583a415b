using Akka.Actor;
using CloneHub.Contracts;
using CloneHub.Jobs.Archive;
using CloneHub.Jobs.Queue;
using CloneHub.Jobs.Vault;
using CloneHub.Testing;

namespace CloneHub.Jobs.Tests.Engine;

/// <summary>What happens to a job when time has passed: expiry, secrets, purge.</summary>
[Trait("Needs", "servers")]
public sealed class DeadlineTests(Stores stores) : JobKit(stores, stores.NewCorner())
{
    [Fact]
    public async Task A_job_that_failed_keeps_no_log_in_at_the_source_but_the_key_for_its_farewell()
    {
        var job = await JobInAsync(Stage.PodReady);
        var before = (await Vault.OpenAsync(job, CancellationToken.None))!;

        Report(Ordered(), Given.Final);

        Assert.Equal(Stage.Failed, (await StateAsync(job)).Job.Stage);
        await Eventually.Until("the source's log-in is forgotten", async () => (await Vault.OpenAsync(job, CancellationToken.None))!.SourcePassword.Reveal().Length == 0);
        Assert.Equal(before.ConnectorKey, (await Vault.OpenAsync(job, CancellationToken.None))!.ConnectorKey);
    }

    [Fact]
    public async Task A_serving_job_is_due_when_its_time_to_live_is_over()
    {
        var job = await AcceptedAsync();
        Pass(TimeSpan.FromMinutes(50));
        await ServeAsync(job);

        await ServesDeadlineAsync(job, Given.T0.AddMinutes(50) + Given.Ttl);
    }

    [Fact]
    public async Task An_expiry_before_its_time_does_nothing()
    {
        var job = await JobInAsync(Stage.Serving);
        await ServesDeadlineAsync(job, Given.T0 + Given.Ttl);
        Clock.Advance(Given.Ttl - TimeSpan.FromSeconds(1));

        Jobs.Tell(new ExpireJob(job));

        Assert.Equal((Stage.Serving, 12L), ((await StateAsync(job)).Job.Stage, (await StateAsync(job)).Version));
        await ServesDeadlineAsync(job, Given.T0 + Given.Ttl);
    }

    [Fact]
    public async Task An_expired_job_is_removed_and_stays_completed()
    {
        var job = await JobInAsync(Stage.Serving);
        Clock.Advance(Given.Ttl);

        Jobs.Tell(new ExpireJob(job));
        var remove = Ordered();
        Report(remove);

        var state = (await StateAsync(job)).Job;
        Assert.Equal((CloneStep.Remove, Stage.Removed, "completed"), (remove.Token.Step, state.Stage, state.Status));
        Assert.Equal(Clock.GetUtcNow(), state.RemovedAt);
    }

    [Fact]
    public async Task A_job_that_does_not_serve_in_time_has_failed()
    {
        var job = await JobInAsync(Stage.PodReady);
        var import = Ordered();
        Clock.Advance(CloneJob.BuildLimit);

        Jobs.Tell(new ExpireJob(job));

        Assert.Equal(import.Token, Runner.ExpectMsg<CancelStep>(Patience).Token);
        Assert.Equal("JOB_TIMED_OUT", (await StateAsync(job)).Job.Fault!.Code);
    }

    [Fact]
    public async Task A_deadline_that_was_not_noted_is_noted_when_the_job_is_woken()
    {
        var job = await JobInAsync(Stage.Serving);
        await ServesDeadlineAsync(job, Given.T0 + Given.Ttl);
        await Store.RemoveDeadlineAsync(job);

        Wake(job);

        await ServesDeadlineAsync(job, Given.T0 + Given.Ttl);
    }

    [Fact]
    public async Task The_log_in_at_the_source_is_forgotten_once_the_clone_serves()
    {
        var job = await JobInAsync(Stage.PluginActivated);
        var before = (await Vault.OpenAsync(job, CancellationToken.None))!;
        Assert.Equal("source-password", before.SourcePassword.Reveal());

        Report(Ordered());

        await Eventually.Until("the source's log-in is forgotten", async () => (await Vault.OpenAsync(job, CancellationToken.None))!.SourcePassword.Reveal().Length == 0);
        var after = (await Vault.OpenAsync(job, CancellationToken.None))!;
        Assert.Equal(("", before.ClonePassword), (after.SourceUsername, after.ClonePassword));
    }

    [Fact]
    public async Task The_log_in_at_the_source_is_forgotten_even_if_the_actor_died_before_it_could()
    {
        var job = await JobInAsync(Stage.Serving);
        await Eventually.Until("the source's log-in is forgotten", async () => (await Vault.OpenAsync(job, CancellationToken.None))!.SourceUsername.Length == 0);
        await CrashAsync(job, Kill.Instance);
        var read = (await Store.SecretsAsync(job))!;
        await Store.ReplaceSecretsAsync(job, read, Vault.Seal(job, JobSecretsFactory.New("admin", new Secret("source-password"))));

        Wake(job);

        await Eventually.Until("the source's log-in is forgotten again", async () => (await Vault.OpenAsync(job, CancellationToken.None))!.SourceUsername.Length == 0);
    }

    [Fact]
    public async Task All_secrets_go_with_the_clone()
    {
        var job = await RemovedAsync();

        await Eventually.Until("the secrets are deleted", async () => await Vault.OpenAsync(job, CancellationToken.None) is null);
    }

    [Fact]
    public async Task A_finished_job_leaves_Redis_after_a_day_and_can_still_be_read()
    {
        ArchiveForReal();
        var job = await RemovedAsync();
        var version = (await StateAsync(job)).Version;
        await ServesDeadlineAsync(job, Clock.GetUtcNow() + CloneJob.JournalRetention);
        Clock.Advance(CloneJob.JournalRetention - TimeSpan.FromSeconds(1));
        Jobs.Tell(new ExpireJob(job));
        await StateAsync(job);
        Assert.Equal(version, (await JournalAsync(job)).Count);

        Clock.Advance(TimeSpan.FromSeconds(1));

        // A job stays due until it could act; it cannot before the event log has answered.
        await Eventually.Until("the journal is empty", async () =>
        {
            Jobs.Tell(new ExpireJob(job));
            return (await JournalAsync(job)).Count == 0;
        });
        await Eventually.Until("the index has forgotten the job", async () => !await Store.IsLiveAsync(job) && !await IsDueAsync(job, Clock.GetUtcNow().AddDays(9)));
        var state = await StateAsync(job);
        Assert.Equal((Stage.Removed, version, "completed"), (state.Job.Stage, state.Version, state.Job.Status));
        Assert.True(await Store.IsKnownAsync(job));
        Wake(job);
        await StateAsync(job);
        Assert.False(await IsDueAsync(job, Clock.GetUtcNow().AddDays(9)));
    }

    [Fact]
    public async Task Nothing_is_purged_that_the_event_log_does_not_have()
    {
        AnswerArchive(entry => entry.LookFirst ? new Archived(entry.Job, entry.Last) : null);
        var job = await RemovedAsync();
        Clock.Advance(CloneJob.JournalRetention);

        Jobs.Tell(new ExpireJob(job));

        Assert.Equal(Stage.Removed, (await StateAsync(job)).Job.Stage);
        Assert.NotEmpty(await JournalAsync(job));
        await ServesDeadlineAsync(job, Clock.GetUtcNow().AddMinutes(1));
    }

    [Fact]
    public async Task A_job_that_rests_leaves_memory_and_comes_back_when_asked()
    {
        var job = await JobInAsync(Stage.Serving);
        var actor = await Sys.ActorSelection(Jobs.Path / job.Value).ResolveOne(Patience);
        Watch(actor);

        Pass(TimeSpan.FromMinutes(3));

        ExpectTerminated(actor, Patience);
        Assert.Equal(Stage.Serving, (await StateAsync(job)).Job.Stage);
    }

    [Fact]
    public async Task One_that_was_only_woken_rests_after_seconds_and_one_that_was_asked_stays_for_minutes()
    {
        var (woken, asked) = (await JobInAsync(Stage.Requested), await JobInAsync(Stage.Requested));
        await StateAsync(asked);
        var resting = await Sys.ActorSelection(Jobs.Path / woken.Value).ResolveOne(Patience);
        var staying = await Sys.ActorSelection(Jobs.Path / asked.Value).ResolveOne(Patience);
        Watch(resting);

        // Its timer may be set a moment after it has spoken: that pass is in vain.
        var isGone = false;
        for (var pass = 0; pass < 10 && !isGone; pass++)
        {
            Pass(TimeSpan.FromSeconds(6));
            isGone = ReceiveOne(TimeSpan.FromSeconds(2)) is Terminated;
        }

        Assert.True(isGone);
        Assert.Equal(staying, await Sys.ActorSelection(Jobs.Path / asked.Value).ResolveOne(Patience));
    }

    [Fact]
    public async Task A_job_whose_step_runs_stays()
    {
        var job = await JobInAsync(Stage.PodReady);
        var import = Ordered();
        var actor = await Sys.ActorSelection(Jobs.Path / job.Value).ResolveOne(Patience);

        Pass(TimeSpan.FromMinutes(30));

        Report(import);
        Assert.Equal(Stage.ContentImported, (await StateAsync(job)).Job.Stage);
        Assert.Equal(actor, await Sys.ActorSelection(Jobs.Path / job.Value).ResolveOne(Patience));
    }

    private async Task ServeAsync(JobId job)
    {
        Wake(job);
        Queue.FishForMessage(m => m is WantSlot, Patience);
        Jobs.Tell(new SlotGranted(job));
        while ((await StateAsync(job)).Job.Stage is not Stage.Serving) Report(Ordered());
    }

    private async Task<JobId> RemovedAsync()
    {
        var job = await JobInAsync(Stage.Serving);
        await Jobs.Ask<JobState>(new CancelJob(job), Patience);
        Report(Ordered());
        Assert.Equal(Stage.Removed, (await StateAsync(job)).Job.Stage);
        return job;
    }
}
