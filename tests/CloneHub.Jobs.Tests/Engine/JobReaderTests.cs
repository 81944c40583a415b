using Akka.Actor;
using Akka.TestKit;
using CloneHub.Contracts;
using CloneHub.Jobs.Api;
using CloneHub.Jobs.Archive;
using CloneHub.Jobs.FollowJob;
using CloneHub.Jobs.GetJobStatus;
using CloneHub.Jobs.Journal;
using CloneHub.Jobs.Queue;
using CloneHub.Testing;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace CloneHub.Jobs.Tests.Engine;

[Trait("Needs", "servers")]
public sealed class JobReaderTests(Stores stores) : JobKit(stores, stores.NewCorner())
{
    [Fact]
    public async Task A_job_can_be_read_as_soon_as_it_was_accepted()
    {
        var job = await AcceptedAsync();

        var read = (await NewReader().ReadAsync(job, seen: 1, CancellationToken.None))!;

        Assert.Equal((JobStatus.Pending, 0, 1L, "acme"), (read.Status, read.Progress, read.Version, read.Tenant));
    }

    [Fact]
    public async Task An_unknown_id_is_no_job()
    {
        Assert.Null(await NewReader().ReadAsync(Histories.NewJob(), 0, CancellationToken.None));
        Assert.Null(await NewReader().RequestRemovalAsync(Histories.NewJob(), CancellationToken.None));
    }

    [Fact]
    public async Task A_waiting_job_tells_its_place()
    {
        var (first, second, third) = (await AcceptedAsync(), await AcceptedAsync(), await AcceptedAsync());
        var queue = NewQueue();
        foreach (var (n, job) in ((JobId[])[first, second, third]).Index()) queue.Tell(new WantSlot(job, Given.T0.AddSeconds(n)));

        var positions = new List<int?>();
        foreach (var job in (JobId[])[first, second, third]) positions.Add((await NewReader(queue).ReadAsync(job, 0, CancellationToken.None))!.QueuePosition);

        Assert.Equal([null, 1, 2], positions);
    }

    [Fact]
    public async Task What_earlier_jobs_took_foretells_when_the_next_one_is_done()
    {
        Assert.Null((await NewReader().ReadAsync(await AcceptedAsync(), 0, CancellationToken.None))!.EstimatedCompletion);
        var built = await JobInAsync(Stage.PluginActivated);
        Clock.Advance(TimeSpan.FromSeconds(20));
        Report(Ordered());
        Assert.Equal(Stage.Serving, (await StateAsync(built)).Job.Stage);

        var waiting = (await NewReader().ReadAsync(await AcceptedAsync(), 0, CancellationToken.None))!;
        var served = (await NewReader().ReadAsync(built, 0, CancellationToken.None))!;

        Assert.Equal(Clock.GetUtcNow().AddSeconds(20), waiting.EstimatedCompletion);
        Assert.Null(served.EstimatedCompletion);
    }

    [Fact]
    public async Task What_was_read_of_a_clone_that_serves_is_not_told_once_it_has_gone_on()
    {
        var job = await JobInAsync(Stage.Serving);
        await ArchiveJournalAsync(job);
        var reader = NewReader();
        Assert.Equal(JobStatus.Completed, (await reader.ReadAsync(job, 0, CancellationToken.None))!.Status);

        await Jobs.Ask<JobState>(new CancelJob(job), Patience);

        Assert.Equal("Removing the clone…", (await reader.ReadAsync(job, 0, CancellationToken.None))!.Message);
    }

    [Fact]
    public async Task A_projection_behind_what_was_seen_is_passed_over()
    {
        var job = await JobInAsync(Stage.Serving);
        await ArchiveJournalAsync(job);
        await Jobs.Ask<JobState>(new CancelJob(job), Patience);
        var version = (await StateAsync(job)).Version;

        var read = (await NewReader().ReadAsync(job, seen: version, CancellationToken.None))!;

        Assert.Equal(version, read.Version);
        Assert.Equal("Removing the clone…", read.Message);
    }

    /// <summary>As when the job's node has just gone, and the event log has not heard of the last step.</summary>
    [Fact]
    public async Task Of_a_silent_job_what_it_has_written_is_told_and_not_what_the_projection_knew()
    {
        var job = await JobInAsync(Stage.PodReady);
        await ArchiveJournalAsync(job);
        var silent = NewReader(jobs: CreateTestProbe("silent"));
        Assert.Equal(JobStatus.Running, (await silent.ReadAsync(job, 0, CancellationToken.None))!.Status);

        Report(Ordered());
        Assert.Equal(Stage.ContentImported, (await StateAsync(job)).Job.Stage);

        var read = (await silent.ReadAsync(job, 0, CancellationToken.None))!;
        var state = await StateAsync(job);
        Assert.Equal((state.Version, state.Job.Progress(0)), (read.Version, read.Progress));
    }

    /// <summary>The projection was not asked, because the job was at work a moment ago.</summary>
    [Fact]
    public async Task A_job_that_falls_silent_after_it_was_read_is_told_from_both_logs()
    {
        var job = await JobInAsync(Stage.PodReady);
        await ArchiveJournalAsync(job);
        var (door, isOpen) = (CreateTestProbe("door"), true);
        door.SetAutoPilot(new DelegateAutoPilot((sender, message) =>
        {
            if (isOpen) Jobs.Tell(message, sender);
            return AutoPilot.KeepRunning;
        }));
        var reader = NewReader(jobs: door);
        Assert.Equal(JobStatus.Running, (await reader.ReadAsync(job, 0, CancellationToken.None))!.Status);

        isOpen = false;
        Report(Ordered());
        Assert.Equal(Stage.ContentImported, (await StateAsync(job)).Job.Stage);

        var read = (await reader.ReadAsync(job, 0, CancellationToken.None))!;
        var state = await StateAsync(job);
        Assert.Equal((state.Version, state.Job.Progress(0)), (read.Version, read.Progress));
    }

    [Fact]
    public async Task A_job_at_work_answers_itself_while_Redis_is_away()
    {
        var job = await JobInAsync(Stage.PodReady);
        await ArchiveJournalAsync(job);
        using var line = new Relay(Stores.RedisPort);
        await using var redis = await Stores.ConnectRedisAsync(line);
        var reader = NewReader(store: new JobStore(redis, Corner));
        Assert.Equal(JobStatus.Running, (await reader.ReadAsync(job, 0, CancellationToken.None))!.Status);

        line.Cut();
        await Eventually.Until("the connection is gone", () => !redis.IsConnected);

        Assert.Equal(JobStatus.Running, (await reader.ReadAsync(job, 0, CancellationToken.None))!.Status);
    }

    /// <summary>It may have ended since, and somebody been told so.</summary>
    [Fact]
    public async Task A_silent_job_is_not_said_to_run_while_its_journal_cannot_be_read()
    {
        var (running, serving) = (await JobInAsync(Stage.PodReady), Histories.NewJob());
        await ArchiveJournalAsync(running);
        await Stores.Log.AppendAsync([Histories.Entry(serving, Histories.Whole(), 1, 12)], CancellationToken.None);
        using var line = new Relay(Stores.RedisPort);
        await using var redis = await Stores.ConnectRedisAsync(line);
        line.Cut();
        await Eventually.Until("the connection is gone", () => !redis.IsConnected);
        var silent = NewReader(jobs: CreateTestProbe("silent"), store: new JobStore(redis, Corner));

        await Assert.ThrowsAsync<UnavailableException>(() => silent.ReadAsync(running, 0, CancellationToken.None));
        Assert.Equal(JobStatus.Completed, (await silent.ReadAsync(serving, 0, CancellationToken.None))!.Status);
    }

    /// <summary>As on a node that was cut off: the actor there is of before.</summary>
    [Fact]
    public async Task A_job_that_has_gone_on_elsewhere_is_told_as_it_is_there()
    {
        var job = await JobInAsync(Stage.PodReady);
        await ArchiveJournalAsync(job);
        var before = await StateAsync(job);
        Report(Ordered());
        var now = await StateAsync(job);
        Assert.True(now.Version > before.Version);
        var stale = CreateTestProbe("stale");
        stale.SetAutoPilot(new DelegateAutoPilot((sender, message) =>
        {
            if (message is GetJob) sender.Tell(before);
            return AutoPilot.KeepRunning;
        }));

        var read = (await NewReader(jobs: stale).ReadAsync(job, 0, CancellationToken.None))!;

        Assert.Equal(now.Version, read.Version);
    }

    [Fact]
    public async Task A_clone_whose_removal_is_not_archived_yet_serves_no_more()
    {
        var job = await JobInAsync(Stage.Serving);
        await ArchiveJournalAsync(job);
        Assert.True((await NewReader().ReadAsync(job, seen: 0, CancellationToken.None))!.Serves);

        await NewReader().RequestRemovalAsync(job, CancellationToken.None);

        Assert.False((await NewReader().ReadAsync(job, seen: 0, CancellationToken.None))!.Serves);
    }

    [Fact]
    public async Task A_failed_job_whose_removal_is_not_archived_yet_is_told_to_be_on_its_way()
    {
        var job = await JobInAsync(Stage.PodReady);
        Report(Ordered(), Given.Final);
        Assert.Equal(Stage.Failed, (await StateAsync(job)).Job.Stage);
        await ArchiveJournalAsync(job);

        var ordered = (await NewReader().RequestRemovalAsync(job, CancellationToken.None))!;
        var read = (await NewReader().ReadAsync(job, seen: 0, CancellationToken.None))!;

        Assert.True(read.Version >= ordered.Version, $"Version {ordered.Version} was answered, and then {read.Version}.");
    }

    [Fact]
    public async Task A_job_that_rests_is_read_from_the_projection_and_not_woken()
    {
        var (job, history) = (Histories.NewJob(), Histories.Whole());
        await Stores.Log.AppendAsync([Histories.Entry(job, history, 1, history.Count)], CancellationToken.None);

        var read = (await NewReader(jobs: CreateTestProbe("untouched")).ReadAsync(job, history.Count, CancellationToken.None))!;

        Assert.Equal((JobStatus.Completed, 100, (long)history.Count), (read.Status, read.Progress, read.Version));
        Assert.NotNull(read.Result!.RemovedAt);
    }

    [Fact]
    public async Task While_PostgreSQL_is_away_the_job_itself_answers()
    {
        var job = await JobInAsync(Stage.Serving);
        await ArchiveJournalAsync(job);
        var target = new NpgsqlConnectionStringBuilder(Stores.PostgreSql);
        using var line = new Relay(target.Port);
        line.Cut();
        target.Port = line.Port;
        await using var services = Stores.EventLogAt(target.ConnectionString);

        var read = (await NewReader(documents: services.GetRequiredService<IDocumentStore>()).ReadAsync(job, 0, CancellationToken.None))!;

        Assert.Equal(JobStatus.Completed, read.Status);
        Assert.True(line.Refused > 0);
        Assert.Null(await NewReader(documents: services.GetRequiredService<IDocumentStore>()).ReadAsync(Histories.NewJob(), 0, CancellationToken.None));
    }

    [Fact]
    public async Task Told_progress_falls_neither_with_the_actor_nor_with_the_job()
    {
        var job = await JobInAsync(Stage.PodReady);
        Jobs.Tell(new StepProgressed(Ordered().Token, 0.5, "Copying files: 5 of 10"));
        Assert.Equal(59, (await NewReader().ReadAsync(job, 0, CancellationToken.None))!.Progress);
        Assert.Equal(59, await Store.ProgressAsync(job));

        await CrashAsync(job, Kill.Instance);
        Wake(job);
        var again = Ordered();
        Assert.Equal(59, (await NewReader().ReadAsync(job, 0, CancellationToken.None))!.Progress);

        Report(again, Given.Final);
        var failed = (await StateAsync(job)).Version;
        Assert.Equal((JobStatus.Failed, 59), await StatusAsync());
        await ArchiveJournalAsync(job);
        Assert.Equal((JobStatus.Failed, 59), await StatusAsync());

        async Task<(JobStatus, int)> StatusAsync()
        {
            var read = (await NewReader().ReadAsync(job, failed, CancellationToken.None))!;
            return (read.Status, read.Progress);
        }
    }

    [Fact]
    public async Task A_removal_is_answered_with_what_it_did_and_repeated_without_harm()
    {
        var job = await JobInAsync(Stage.PodReady);

        var first = (await NewReader().RequestRemovalAsync(job, CancellationToken.None))!;
        var again = (await NewReader().RequestRemovalAsync(job, CancellationToken.None))!;

        Assert.Equal("Cancelling…", first.Message);
        Assert.Single(await JournalAsync(job), r => r.Event is CancelRequested);
        Assert.True(again.Version >= first.Version);
    }

    [Fact]
    public async Task Cleanup_learns_what_either_log_knows()
    {
        var directory = new JobDirectory(Store, NewReader());
        var live = await AcceptedAsync();
        var (lost, history) = (Histories.NewJob(), Histories.Whole());
        await Stores.Log.AppendAsync([Histories.Entry(lost, history, 1, 12)], CancellationToken.None);
        var over = Histories.NewJob();
        await WriteJournalAsync(over, history);

        var served = Histories.NewJob();
        await Stores.Log.AppendAsync([Histories.Entry(served, history, 1, 12)], CancellationToken.None);
        await Store.AddLiveAsync(served, Given.T0);
        var untouched = new JobDirectory(Store, NewReader(jobs: CreateTestProbe("untouched")));
        Assert.Equal(JobPresence.Live, await untouched.PresenceAsync(served, CancellationToken.None));

        Assert.Equal([live], await directory.DueAsync(Given.T0 + CloneJob.BuildLimit, 0, 10, CancellationToken.None));
        Assert.Equal(JobPresence.Live, await directory.PresenceAsync(live, CancellationToken.None));
        Assert.Equal(JobPresence.Live, await directory.PresenceAsync(lost, CancellationToken.None));
        Assert.Equal(JobPresence.Gone, await directory.PresenceAsync(over, CancellationToken.None));
        Assert.Equal(JobPresence.Unknown, await directory.PresenceAsync(Histories.NewJob(), CancellationToken.None));
    }

    private JobReader NewReader(IActorRef? queue = null, IActorRef? jobs = null, IDocumentStore? documents = null, JobStore? store = null) => new(
        documents ?? Stores.Documents,
        store ?? Store,
        new Actor<JobsRegion>(jobs ?? Jobs),
        new Actor<SlotQueue>(queue ?? NewQueue()),
        Forecast,
        new ToldProgress(),
        new JobHistory(store ?? Store, Format, Stores.Log, NullLogger<JobHistory>.Instance),
        TimeProvider.System,
        NullLogger<JobReader>.Instance);

    private IActorRef NewQueue()
    {
        var engine = new QueueEngine(new QueueRules(), new OfferSlots("n1", 1), ActorRefs.Nobody, () => null, News, new QueueLoad(), Clock, NullLogger.Instance);
        var queue = Sys.ActorOf(Props.Create(() => new SlotQueueActor(engine)));
        queue.Tell(new AllAwake(0));
        return queue;
    }

    private async Task ArchiveJournalAsync(JobId job) =>
        await Stores.Log.AppendAsync([new ArchiveEntry(job, 1, await JournalAsync(job), LookFirst: true)], CancellationToken.None);
}
