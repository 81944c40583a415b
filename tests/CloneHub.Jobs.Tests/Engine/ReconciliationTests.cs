using Akka.Actor;
using CloneHub.Contracts;
using CloneHub.Jobs.Archive;
using CloneHub.Jobs.Queue;
using CloneHub.Testing;

namespace CloneHub.Jobs.Tests.Engine;

/// <summary>Two logs, one truth: what a job does when they differ.</summary>
[Trait("Needs", "servers")]
public sealed class ReconciliationTests(Stores stores) : JobKit(stores, stores.NewCorner())
{
    [Fact]
    public async Task A_journal_that_lost_its_end_gets_it_from_the_event_log()
    {
        var (job, history) = await DifferingAsync(journalHas: 3, logHas: 6);

        Wake(job);

        var order = Ordered();
        Assert.Equal((CloneStep.ImportContent, 1, 3L), (order.Token.Step, order.Token.Attempt, order.Token.Fence));
        var journal = await JournalAsync(job);
        Assert.Equal(history.Take(6).Select(r => r.EventId), journal.Take(6).Select(r => r.EventId));
        Assert.IsType<StepStarted>(journal[6].Event);
        Assert.Equal(7, journal.Count);
        await Eventually.Until("the event log has the new event too", async () => (await Stores.ArchivedAsync(job)).Count == 7);
    }

    [Fact]
    public async Task A_job_of_which_Redis_knows_nothing_comes_back_from_the_event_log()
    {
        var (job, _) = await DifferingAsync(journalHas: 0, logHas: 12);

        Assert.Equal(Stage.Serving, (await StateAsync(job)).Job.Stage);

        Assert.Equal(12, (await JournalAsync(job)).Count);
        await Eventually.Until("the job is in the index of live jobs", () => Store.IsLiveAsync(job));
    }

    [Fact]
    public async Task A_job_with_two_histories_is_parked_and_can_be_read()
    {
        AnswerArchive(entry => new ArchiveForked(entry.Job, 3));
        var job = Histories.NewJob();
        await WriteJournalAsync(job, [.. Histories.Whole().Take(4)]);

        Wake(job);
        Archiver.ExpectMsg<ArchiveEntry>(Patience);
        Jobs.Tell(new SlotGranted(job));
        Jobs.Tell(new ExpireJob(job));
        var state = await StateAsync(job);

        Assert.Equal((Stage.DatabaseReady, 4L), (state.Job.Stage, state.Version));
        Assert.Equal(state.Version, (await Jobs.Ask<JobState>(new CancelJob(job), Patience)).Version);
        Runner.ExpectNoMsg(TimeSpan.Zero);
        Assert.Equal(job, Queue.ExpectMsg<ReleaseSlot>(Patience).Job);
        Queue.ExpectNoMsg(TimeSpan.Zero);
        await ServesDeadlineAsync(job, Clock.GetUtcNow().AddHours(1));
    }

    [Fact]
    public async Task A_job_whose_other_history_is_found_late_gives_up_its_work_and_its_slot()
    {
        var job = await JobInAsync(Stage.PodReady);
        var import = Ordered();
        Drain(Queue);

        Jobs.Tell(new ArchiveForked(job, 3));

        Assert.Equal(import.Token, Runner.ExpectMsg<CancelStep>(Patience).Token);
        Assert.Equal(job, ((ReleaseSlot)Queue.FishForMessage(m => m is ReleaseSlot, Patience)).Job);
    }

    [Fact]
    public async Task While_the_event_log_is_silent_a_job_goes_on_after_a_moment()
    {
        AnswerArchive(_ => null);
        var job = await AcceptedAsync();
        Wake(job);
        Assert.Equal(Stage.Requested, (await StateAsync(job)).Job.Stage);
        Archiver.ExpectMsg<ArchiveEntry>(Patience);
        Queue.ExpectNoMsg(TimeSpan.Zero);

        Pass(TimeSpan.FromSeconds(2));

        Assert.Equal(job, Queue.ExpectMsg<WantSlot>(Patience).Job);
    }

    [Fact]
    public async Task A_job_that_is_new_does_not_wait_for_the_event_log()
    {
        AnswerArchive(_ => null);
        var job = await AcceptedAsync();

        Jobs.Tell(new WakeJob(job, IsNew: true));

        Assert.Equal(job, Queue.ExpectMsg<WantSlot>(Patience).Job);
        Assert.Equal(1, Archiver.ExpectMsg<ArchiveEntry>(Patience).Last);
    }

    [Fact]
    public async Task A_job_that_has_gone_on_is_not_new_whatever_it_is_told()
    {
        AnswerArchive(_ => null);
        var job = Histories.NewJob();
        await WriteJournalAsync(job, [.. Histories.Whole().Take(4)]);

        Jobs.Tell(new WakeJob(job, IsNew: true));

        Archiver.ExpectMsg<ArchiveEntry>(Patience);
        Assert.Equal(4, (await StateAsync(job)).Version);
        Queue.ExpectNoMsg(TimeSpan.Zero);
        Runner.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public async Task An_event_of_a_newer_version_stops_the_job_and_no_other()
    {
        var (bad, good) = (await AcceptedAsync(), await AcceptedAsync());
        await RenameLastEventAsync(bad);

        Wake(bad);
        Wake(bad);
        Wake(good);

        Assert.Equal(good, Queue.ExpectMsg<WantSlot>(Patience).Job);
        await Assert.ThrowsAsync<AskTimeoutException>(() => Jobs.Ask<JobState>(new GetJob(bad), TimeSpan.FromSeconds(1)));
        Waker.ExpectNoMsg(TimeSpan.Zero);
        Assert.Equal(Stage.Requested, (await StateAsync(good)).Job.Stage);
    }

    private async Task<(JobId Job, IReadOnlyList<RecordedEvent> History)> DifferingAsync(int journalHas, int logHas)
    {
        var (job, history) = (Histories.NewJob(), Histories.Whole());
        await Stores.Log.AppendAsync([Histories.Entry(job, history, 1, logHas)], CancellationToken.None);
        if (journalHas > 0) await WriteJournalAsync(job, [.. history.Take(journalHas)]);
        ArchiveForReal();
        return (job, history);
    }
}
