using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using CloneHub.Contracts;
using CloneHub.Jobs.Archive;
using CloneHub.Jobs.Tests.Engine;
using CloneHub.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace CloneHub.Jobs.Tests.Archive;

/// <summary>The archiver over a line to PostgreSQL that the test cuts and joins. Time moves only by the test.</summary>
[Trait("Needs", "servers")]
public sealed class ArchiverActorTests : TestKit, IClassFixture<Stores>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Stores _stores;
    private readonly Relay _line;
    private readonly ServiceProvider _services;
    private readonly ArchiveLag _lag = new(TimeProvider.System);
    private readonly IActorRef _archiver;
    private readonly IReadOnlyList<RecordedEvent> _history = Histories.Whole();
    private readonly JobId _job = Histories.NewJob();

    public ArchiverActorTests(Stores stores)
        : base("""akka { loglevel = OFF, scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit" }""")
    {
        _stores = stores;
        var target = new NpgsqlConnectionStringBuilder(stores.PostgreSql);
        _line = new Relay(target.Port);
        target.Port = _line.Port;
        target.Timeout = 5;
        target.MaxPoolSize = 5;
        _services = Stores.EventLogAt(target.ConnectionString);
        var log = _services.GetRequiredService<EventLog>();
        _archiver = Sys.ActorOf(Props.Create(() => new ArchiverActor(log, _lag, NullLogger<ArchiverActor>.Instance)));
    }

    [Fact]
    public async Task What_is_sent_is_stored_and_answered()
    {
        Send(1, 3);
        Assert.Equal(new Archived(_job, 3), await AnsweredAsync<Archived>());
        Send(4, 6);
        Assert.Equal(new Archived(_job, 6), await AnsweredAsync<Archived>());

        await HoldsAsync(_job, _history, 6);
    }

    [Fact]
    public async Task What_comes_within_a_moment_is_written_together_and_what_is_awaited_at_once()
    {
        Send(1, 2);
        Send(3, 4);
        await Eventually.Until("both wait", () => _lag.Waiting == 4);
        ExpectNoMsg(TimeSpan.FromMilliseconds(100));
        ((TestScheduler)Sys.Scheduler).Advance(ArchiverActor.Gathering);
        Assert.Equal(new Archived(_job, 4), ExpectMsg<Archived>(Patience));

        var (other, third) = (Histories.NewJob(), Histories.NewJob());
        _archiver.Tell(Histories.Entry(other, Histories.Whole(), 1, 3, lookFirst: true) with { IsAwaited = true });
        Assert.Equal(new Archived(other, 3), ExpectMsg<Archived>(Patience));

        _archiver.Tell(Histories.Entry(third, Histories.Whole(), 1, 1, lookFirst: true));
        ExpectNoMsg(TimeSpan.FromMilliseconds(100));
        _archiver.Tell(new Wanted(third));
        Assert.Equal(new Archived(third, 1), ExpectMsg<Archived>(Patience));
    }

    [Fact]
    public void As_many_as_one_transaction_takes_wait_for_no_more()
    {
        var jobs = Enumerable.Range(0, 200).Select(_ => (Job: Histories.NewJob(), History: Histories.Whole())).ToList();
        foreach (var (job, history) in jobs) _archiver.Tell(Histories.Entry(job, history, 1, 1));
        Assert.Equal(jobs.Select(job => job.Job).ToHashSet(), jobs.Select(_ => ExpectMsg<Archived>(Patience).Job).ToHashSet());
    }

    [Fact]
    public async Task Events_whose_predecessors_were_lost_on_the_way_are_asked_for_again()
    {
        Send(1, 2);
        await AnsweredAsync<Archived>();
        Send(4, 5);
        Assert.Equal(new ArchiveGap(_job), await AnsweredAsync<ArchiveGap>());

        await HoldsAsync(_job, _history, 2);
    }

    [Fact]
    public async Task While_PostgreSQL_is_away_events_wait_in_order_and_arrive_once()
    {
        Send(1, 2);
        await AnsweredAsync<Archived>();
        _line.Cut();
        Send(3, 3);
        for (var next = 4; next <= 9; next++) Send(next, next);
        await PassUntilAsync("the archiver has tried again in vain", () => _line.Refused > 3);
        var age = _lag.Age;
        Assert.True(age > TimeSpan.Zero);
        Assert.True(_lag.Age > age, "The events that wait do not grow older.");

        _line.Join();

        await PassUntilAsync("the event log has all events", async () => (await _stores.ArchivedAsync(_job)).Count == 9);
        await PassUntilAsync("nothing waits any more", () => _lag is { Waiting: 0, Age.Ticks: 0 });
        await HoldsAsync(_job, _history, 9);
    }

    [Fact]
    public async Task Many_jobs_wait_together_and_none_is_lost()
    {
        var jobs = Enumerable.Range(0, 450).Select(_ => (Job: Histories.NewJob(), History: Histories.Whole())).ToList();
        _line.Cut();
        foreach (var (job, history) in jobs)
        {
            _archiver.Tell(Histories.Entry(job, history, 1, 1, lookFirst: true));
            _archiver.Tell(Histories.Entry(job, history, 2, 3));
        }

        _line.Join();
        var archived = new Dictionary<JobId, long>();
        await PassUntilAsync("all jobs are archived", () =>
        {
            while (HasMessages) Note(ExpectMsg<Archived>());
            return archived.Count == jobs.Count && archived.Values.All(upTo => upTo == 3);
        });

        foreach (var (job, history) in jobs.Where((_, i) => i % 50 == 0)) await HoldsAsync(job, history, 3);

        void Note(Archived a) => archived[a.Job] = a.UpTo;
    }

    [Fact]
    public async Task A_refused_stream_holds_up_no_other_and_is_tried_again()
    {
        var poison = new RecordedEvent(Guid.NewGuid(), new ContentImported(Given.Content, ["\0"], Given.T0));
        var bad = Histories.NewJob();
        _archiver.Tell(new ArchiveEntry(bad, 1, [poison], false));

        Send(1, 1);
        Assert.Equal(new Archived(_job, 1), await AnsweredAsync<Archived>());
        _archiver.Tell(new ArchiveEntry(bad, 1, [_history[0] with { EventId = Guid.NewGuid() }], LookFirst: true));
        for (var next = 2; next <= 6; next++)
        {
            Send(next, next);
            Assert.Equal(new Archived(_job, next), await AnsweredAsync<Archived>());
        }

        ((TestScheduler)Sys.Scheduler).Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(new Archived(bad, 1), await AnsweredAsync<Archived>());
    }

    [Fact]
    public async Task A_new_archiver_after_a_crash_is_sent_all_again_and_stores_the_rest()
    {
        Send(1, 4);
        await AnsweredAsync<Archived>();
        _archiver.Tell(Kill.Instance);
        var log = _services.GetRequiredService<EventLog>();
        var next = Sys.ActorOf(Props.Create(() => new ArchiverActor(log, _lag, NullLogger<ArchiverActor>.Instance)));

        next.Tell(Histories.Entry(_job, _history, 1, 6, lookFirst: true), TestActor);

        Assert.Equal(new Archived(_job, 6), await AnsweredAsync<Archived>());
        await HoldsAsync(_job, _history, 6);
    }

    [Fact]
    public async Task A_log_that_is_ahead_answers_with_the_rest_and_another_history_is_a_fork()
    {
        await _stores.Log.AppendAsync([Histories.Entry(_job, _history, 1, 6)], CancellationToken.None);

        _archiver.Tell(Histories.Entry(_job, _history, 1, 4, lookFirst: true));
        var ahead = await AnsweredAsync<ArchiveAhead>();
        Assert.Equal(5, ahead.First);
        Assert.Equal([_history[4].EventId, _history[5].EventId], ahead.Events.Select(e => e.EventId));

        _archiver.Tell(new ArchiveEntry(_job, 6, [_history[5] with { EventId = Guid.NewGuid() }], LookFirst: false));
        Assert.Equal(new ArchiveForked(_job, 6), await AnsweredAsync<ArchiveForked>());
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _line.Dispose();
        _services.Dispose();
    }

    private void Send(int first, int last) => _archiver.Tell(Histories.Entry(_job, _history, first, last));

    private async Task HoldsAsync(JobId job, IReadOnlyList<RecordedEvent> history, int count) =>
        Assert.Equal(history.Take(count).Select(r => r.EventId), (await _stores.ArchivedAsync(job)).Select(r => r.EventId));

    /// <summary>What the archiver answers once it has gathered for long enough.</summary>
    private async Task<T> AnsweredAsync<T>()
    {
        await Eventually.Until(
            $"{typeof(T).Name} is answered",
            () =>
            {
                ((TestScheduler)Sys.Scheduler).Advance(ArchiverActor.Gathering);
                return HasMessages;
            },
            Patience);
        return ExpectMsg<T>(Patience);
    }

    private Task PassUntilAsync(string what, Func<bool> condition) => PassUntilAsync(what, () => Task.FromResult(condition()));

    /// <summary>Lets virtual time pass until it has happened.</summary>
    private Task PassUntilAsync(string what, Func<Task<bool>> condition) => Eventually.Until(
        what,
        async () =>
        {
            ((TestScheduler)Sys.Scheduler).Advance(TimeSpan.FromSeconds(2));
            return await condition();
        },
        TimeSpan.FromSeconds(30));
}
