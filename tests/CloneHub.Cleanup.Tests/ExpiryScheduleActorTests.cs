using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using CloneHub.Contracts;
using CloneHub.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace CloneHub.Cleanup.Tests;

public sealed class ExpiryScheduleActorTests : TestKit
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _clock = new(Noon);
    private readonly FakeDirectory _directory = new();
    private readonly CleanupDuty _duty = new();

    public ExpiryScheduleActorTests()
        : base("""akka { loglevel = OFF, scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit" }""")
    {
    }

    [Fact]
    public async Task A_job_is_told_within_a_second_of_its_deadline_and_not_before()
    {
        _directory.SetDeadline(Job(1), Noon.AddSeconds(3.5));
        await StartAsync();

        for (var second = 1; second <= 3; second++) await PassAsync(Second);
        ExpectNoMsg(TimeSpan.Zero);
        await PassAsync(Second);

        Assert.Equal(new ExpireJob(Job(1)), ExpectMsg<ExpireJob>());
    }

    [Fact]
    public async Task A_job_that_could_not_act_is_told_again()
    {
        _directory.SetDeadline(Job(1), Noon);
        await StartAsync();

        for (var second = 1; second <= 3; second++)
        {
            await PassAsync(Second);
            Assert.Equal(new ExpireJob(Job(1)), ExpectMsg<ExpireJob>());
        }
    }

    [Fact]
    public async Task A_store_that_fails_is_asked_again()
    {
        _directory.SetDeadline(Job(1), Noon);
        _directory.Failure = new TimeoutException("The store does not answer.");
        await StartAsync();
        for (var second = 1; second <= 5; second++) await PassAsync(Second);
        ExpectNoMsg(TimeSpan.Zero);

        _directory.Failure = null;
        await PassAsync(Second);

        Assert.Equal(new ExpireJob(Job(1)), ExpectMsg<ExpireJob>());
    }

    [Fact]
    public async Task All_that_is_due_is_told_the_earliest_first()
    {
        foreach (var number in (byte[])[3, 1, 2]) _directory.SetDeadline(Job(number), Noon.AddMilliseconds(number));
        await StartAsync();

        await PassAsync(Second);

        foreach (var number in (byte[])[1, 2, 3]) Assert.Equal(new ExpireJob(Job(number)), ExpectMsg<ExpireJob>());
    }

    [Fact]
    public async Task Jobs_that_never_clear_their_deadline_hold_up_no_other()
    {
        for (var number = 0; number < ExpiryScheduleActor.Limit; number++) _directory.SetDeadline(Job(1), Noon);
        _directory.SetDeadline(Job(2), Noon.AddMilliseconds(1));
        await StartAsync();
        ((TestScheduler)Sys.Scheduler).Advance(Second);
        _clock.Advance(Second);

        FishForMessage(m => m is ExpireJob e && e.Job == Job(2), TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task The_node_that_it_runs_on_sweeps_and_no_other()
    {
        Assert.False(_duty.IsHere);
        await StartAsync();
        Assert.True(_duty.IsHere);

        await (await Sys.ActorSelection("/user/expiries").ResolveOne(TimeSpan.FromSeconds(5))).GracefulStop(TimeSpan.FromSeconds(5));

        Assert.False(_duty.IsHere);
    }

    private static JobId Job(byte number) => JobId.FromBytes([.. Enumerable.Repeat(number, 16)]);

    /// <summary>Once an actor has identified itself it has also set its first timer.</summary>
    private async Task StartAsync()
    {
        var schedule = Sys.ActorOf(Props.Create(() => new ExpiryScheduleActor(_directory, TestActor, _duty, _clock, NullLogger<ExpiryScheduleActor>.Instance)), "expiries");
        await schedule.Ask<ActorIdentity>(new Identify(null), TimeSpan.FromSeconds(5));
    }

    /// <summary>Passes time, and returns once the schedule has looked and has set its next timer.</summary>
    private async Task PassAsync(TimeSpan time)
    {
        var looks = _directory.Looks;
        _clock.Advance(time);
        ((TestScheduler)Sys.Scheduler).Advance(time);
        await Eventually.Until("the deadlines were looked at", () => _directory.Looks == looks + 1);

        // The first question may be answered before the answer of the store has come back; the second one is behind it.
        var schedule = await Sys.ActorSelection("/user/expiries").ResolveOne(TimeSpan.FromSeconds(5));
        for (var i = 0; i < 2; i++) await schedule.Ask<ActorIdentity>(new Identify(null), TimeSpan.FromSeconds(5));
    }
}
