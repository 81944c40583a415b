using Akka.Actor;
using Akka.TestKit;
using CloneHub.Contracts;
using CloneHub.Jobs.Journal;
using CloneHub.Jobs.Queue;
using CloneHub.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace CloneHub.Jobs.Tests.Engine;

[Trait("Needs", "servers")]
public sealed class LiveJobsActorTests(Stores stores) : JobKit(stores, stores.NewCorner())
{
    [Fact]
    public async Task All_live_jobs_are_woken_the_oldest_first()
    {
        var jobs = Enumerable.Range(0, 250).Select(_ => Histories.NewJob()).ToList();
        foreach (var (n, job) in jobs.Index()) await Store.AddLiveAsync(job, Given.T0.AddSeconds(n));
        NewWaker(Store);

        var woken = new List<JobId>();
        await PassUntilAsync("all are woken", () =>
        {
            woken.AddRange(Drain(Runner).OfType<WakeJob>().Select(w => w.Job));
            return woken.Count >= jobs.Count;
        });

        Assert.Equal(jobs, woken);
    }

    [Fact]
    public async Task A_store_that_does_not_answer_is_asked_again()
    {
        var job = Histories.NewJob();
        await Store.AddLiveAsync(job, Given.T0);
        using var line = new Relay(Stores.RedisPort);
        await using var redis = await Stores.ConnectRedisAsync(line);
        line.Cut();
        await Eventually.Until("the connection is gone", () => !redis.IsConnected);
        NewWaker(new JobStore(redis, Corner));
        await PassUntilAsync("it was tried in vain", () => line.Refused > 2);
        Runner.ExpectNoMsg(TimeSpan.Zero);

        line.Join();

        await PassUntilAsync("the job is woken", () => Runner.HasMessages);
        Assert.Equal(job, Runner.ExpectMsg<WakeJob>().Job);
    }

    [Fact]
    public async Task A_job_that_had_to_stop_is_woken_a_moment_later_once()
    {
        var job = Histories.NewJob();
        var waker = NewWaker(Store);
        waker.Tell(new WakeLater(job));
        waker.Tell(new WakeLater(job));
        await waker.Ask<ActorIdentity>(new Identify(1), TimeSpan.FromSeconds(10));
        Runner.ExpectNoMsg(TimeSpan.Zero);

        await PassUntilAsync("the job is woken", () => Runner.HasMessages);
        Assert.Equal(job, Runner.ExpectMsg<WakeJob>().Job);
        ((TestScheduler)Sys.Scheduler).Advance(TimeSpan.FromSeconds(10));
        waker.Tell(new WakeLater(job));
        await PassUntilAsync("the job is woken again", () => Runner.HasMessages);

        Assert.Single(Drain(Runner));
    }

    [Fact]
    public async Task A_job_that_came_later_and_that_nobody_woke_is_found_by_the_next_round_and_the_others_are_left_alone()
    {
        var (early, late) = (Histories.NewJob(), Histories.NewJob());
        await Store.AddLiveAsync(early, Given.T0);
        NewWaker(Store);
        await PassUntilAsync("the early job is woken", () => Runner.HasMessages);
        Assert.Equal(early, Runner.ExpectMsg<WakeJob>().Job);

        await Store.AddLiveAsync(late, Given.T0.AddSeconds(1));

        await PassUntilAsync("the late job is woken", () => Runner.HasMessages);
        Assert.Equal([late], Drain(Runner).OfType<WakeJob>().Select(w => w.Job));
    }

    [Fact]
    public async Task Who_asks_for_it_gets_all_live_jobs_woken_again_and_is_told_when_that_is_done()
    {
        var jobs = Enumerable.Range(0, 150).Select(_ => Histories.NewJob()).ToList();
        foreach (var (n, job) in jobs.Index()) await Store.AddLiveAsync(job, Given.T0.AddSeconds(n));
        var waker = NewWaker(Store);
        var woken = new List<JobId>();
        await PassUntilAsync("all are woken", () => Woken(woken).Count == jobs.Count);

        var queue = CreateTestProbe("asks");
        waker.Tell(new WakeAll(), queue);
        await PassUntilAsync("the queue is told", () => queue.HasMessages);

        Assert.Equal(jobs.Count, queue.ExpectMsg<AllAwake>().Jobs);
        Assert.Equal(jobs.Concat(jobs), Woken(woken));
    }

    [Fact]
    public async Task The_first_round_will_do_for_who_asks_at_the_start()
    {
        var queue = CreateTestProbe("asks");
        NewWaker(Store).Tell(new WakeAll(), queue);

        await PassUntilAsync("the queue is told", () => queue.HasMessages);

        Assert.Equal(0, queue.ExpectMsg<AllAwake>().Jobs);
    }

    [Fact]
    public async Task A_stream_of_new_jobs_keeps_no_round_from_its_end()
    {
        foreach (var n in Enumerable.Range(0, 150)) await Store.AddLiveAsync(Histories.NewJob(), Given.T0.AddSeconds(n));
        var queue = CreateTestProbe("asks");
        NewWaker(Store).Tell(new WakeAll(), queue);

        var next = 150;
        await Eventually.Until("the queue is told", async () =>
        {
            await Store.AddLiveAsync(Histories.NewJob(), Given.T0.AddSeconds(next++));
            ((TestScheduler)Sys.Scheduler).Advance(TimeSpan.FromSeconds(1));
            return queue.HasMessages;
        });

        Assert.InRange(queue.ExpectMsg<AllAwake>().Jobs, 150, next);
    }

    [Fact]
    public async Task A_page_is_woken_once_the_one_before_it_has_recovered()
    {
        var jobs = Enumerable.Range(0, 150).Select(_ => Histories.NewJob()).ToList();
        foreach (var (n, job) in jobs.Index()) await Store.AddLiveAsync(job, Given.T0.AddSeconds(n));
        var waker = NewWaker(Store);
        var asked = (GetJob)Runner.FishForMessage(m => m is GetJob, Patience);
        Assert.Equal(jobs[99], asked.Job);
        ((TestScheduler)Sys.Scheduler).Advance(TimeSpan.FromMilliseconds(200));
        Runner.ExpectNoMsg(TimeSpan.FromMilliseconds(100));

        waker.Tell(new JobState(asked.Job, Given.AJobIn(Stage.Requested).Job, Version: 1, Fraction: 0, Doing: null));

        await Eventually.Until("the next page is woken", () =>
        {
            ((TestScheduler)Sys.Scheduler).Advance(TimeSpan.FromMilliseconds(1));
            return Runner.HasMessages;
        });
        Assert.Equal(jobs[100], Runner.ExpectMsg<WakeJob>().Job);
    }

    [Fact]
    public async Task A_job_that_was_written_minutes_after_its_acceptance_is_found_too()
    {
        var (early, late) = (Histories.NewJob(), Histories.NewJob());
        await Store.AddLiveAsync(early, Given.T0.AddMinutes(10));
        NewWaker(Store);
        await PassUntilAsync("the early job is woken", () => Runner.HasMessages);
        Assert.Equal(early, Runner.ExpectMsg<WakeJob>().Job);

        await Store.AddLiveAsync(late, Given.T0);

        await PassUntilAsync("the late job is woken", () => Runner.HasMessages);
        Assert.Equal([late], Drain(Runner).OfType<WakeJob>().Select(w => w.Job));
    }

    private List<JobId> Woken(List<JobId> before)
    {
        before.AddRange(Drain(Runner).OfType<WakeJob>().Select(w => w.Job));
        return before;
    }

    private IActorRef NewWaker(JobStore store) =>
        Sys.ActorOf(Props.Create(() => new LiveJobsActor(store, Runner, NullLogger<LiveJobsActor>.Instance)));

    private Task PassUntilAsync(string what, Func<bool> condition) => Eventually.Until(
        what,
        () =>
        {
            ((TestScheduler)Sys.Scheduler).Advance(TimeSpan.FromSeconds(1));
            return condition();
        });
}
