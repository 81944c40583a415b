using Akka.Actor;
using CloneHub.Contracts;
using CloneHub.Jobs.Api;
using CloneHub.Jobs.Archive;
using CloneHub.Jobs.FollowJob;
using CloneHub.Jobs.Journal;
using CloneHub.Jobs.Queue;
using CloneHub.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace CloneHub.Jobs.Tests.Engine;

/// <summary>A job's history from whichever log has it, and the wake-up of who follows it.</summary>
public sealed class JobHistoryTests(Stores stores) : JobKit(stores, stores.NewCorner())
{
    [Fact]
    public async Task What_was_written_can_be_read_before_the_event_log_has_it()
    {
        var job = await JobInAsync(Stage.PodReady);
        var journal = await JournalAsync(job);

        Assert.Equal(journal.Select(r => r.Event), await ReadAsync(job, 1));
        Assert.Equal(journal.Skip(3).Select(r => r.Event), await ReadAsync(job, 4));
        Assert.Empty(await ReadAsync(job, journal.Count + 1));
    }

    [Fact]
    public async Task A_purged_journal_is_read_from_the_event_log()
    {
        var (job, history) = (Histories.NewJob(), Histories.Whole());
        await Stores.Log.AppendAsync([Histories.Entry(job, history, 1, history.Count)], CancellationToken.None);

        Assert.Equal(history.Select(r => EventNames.Of(r.Event)), (await ReadAsync(job, 1)).Select(EventNames.Of));
        Assert.Equal(2, (await ReadAsync(job, history.Count - 1)).Count);
        Assert.Empty(await ReadAsync(job, history.Count + 1));
    }

    [Fact]
    public async Task While_one_store_is_away_the_other_answers_and_without_both_nobody_guesses()
    {
        var job = await JobInAsync(Stage.PodReady);
        var journal = await JournalAsync(job);
        await Stores.Log.AppendAsync([new ArchiveEntry(job, 1, journal, LookFirst: true)], CancellationToken.None);
        var target = new NpgsqlConnectionStringBuilder(Stores.PostgreSql);
        using var toPostgreSql = new Relay(target.Port);
        toPostgreSql.Cut();
        target.Port = toPostgreSql.Port;
        await using var services = Stores.EventLogAt(target.ConnectionString);
        var away = services.GetRequiredService<EventLog>();
        using var toRedis = new Relay(Stores.RedisPort);
        await using var redis = await Stores.ConnectRedisAsync(toRedis);

        Assert.Equal(journal.Count, (await ReadAsync(job, 1, log: away)).Count);
        toRedis.Cut();
        await Eventually.Until("the connection is gone", () => !redis.IsConnected);
        var without = new JobStore(redis, Corner);
        Assert.Equal(journal.Count, (await ReadAsync(job, 1, store: without)).Count);
        await Assert.ThrowsAsync<UnavailableException>(() => ReadAsync(job, 1, away, without));
    }

    [Fact]
    public async Task Who_follows_a_job_is_woken_by_every_event_once_it_can_be_read()
    {
        var job = await AcceptedAsync();
        using var follower = News.Follow(job);
        using var other = News.Follow(Histories.NewJob());
        Wake(job);
        Jobs.Tell(new SlotGranted(job));
        var order = Ordered();

        await TellsAsync(follower, 3);
        Jobs.Tell(new StepProgressed(order.Token, 0.5, "half"));
        await Eventually.Until("progress is told", () => follower.Latest is { Fraction: 0.5, Doing: "half" });
        Report(order);
        await TellsAsync(follower, 4);
        Assert.Null(other.Latest);
    }

    [Fact]
    public async Task What_was_written_before_a_crash_is_told_after_it()
    {
        var job = await JobInAsync(Stage.Serving);
        var version = (await StateAsync(job)).Version;
        using var follower = News.Follow(job);

        await CrashAsync(job, Kill.Instance);
        Wake(job);

        await TellsAsync(follower, version);
    }

    [Fact]
    public void A_follower_that_has_gone_is_forgotten()
    {
        var follower = News.Follow(Given.Id);
        follower.Dispose();

        News.Tell(new JobState(Given.Id, CloneJob.None, 1, 0, null));

        Assert.Null(follower.Latest);
    }

    private static Task TellsAsync(JobFollower follower, long version) =>
        Eventually.Until($"event {version} is told", () => follower.Latest?.Version >= version, Patience);

    private Task<IReadOnlyList<IJobEvent>> ReadAsync(JobId job, long from, EventLog? log = null, JobStore? store = null) =>
        new JobHistory(store ?? Store, Format, log ?? Stores.Log, NullLogger<JobHistory>.Instance).ReadAsync(job, from, CancellationToken.None);
}
