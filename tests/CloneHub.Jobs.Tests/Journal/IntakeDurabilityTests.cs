using System.Collections.Concurrent;
using CloneHub.Contracts;
using CloneHub.Jobs.Journal;
using CloneHub.Jobs.Vault;
using CloneHub.Testing;
using StackExchange.Redis;

namespace CloneHub.Jobs.Tests.Journal;

/// <summary>What was acknowledged is there after Redis was killed, and the actor that never ran finds it.</summary>
[Trait("Needs", "servers")]
public sealed class IntakeDurabilityTests(RedisServer redis) : JournalSpec(redis.NewOptions()), IClassFixture<RedisServer>
{
    private static readonly DateTimeOffset Noon = DateTimeOffset.FromUnixTimeMilliseconds(1_900_000_000_000);

    [Fact]
    public async Task Every_acknowledged_job_survives_a_kill_of_Redis_in_the_middle_of_the_rush()
    {
        await using var connection = await redis.ConnectAsync();
        var store = new JobStore(connection, Options);
        var acknowledged = new ConcurrentDictionary<JobId, RecordedEvent>();
        var rush = Enumerable.Range(0, 16).Select(_ => AcceptUntilRedisDiesAsync(store, acknowledged)).ToList();
        await Eventually.Until("500 jobs are acknowledged", () => acknowledged.Count >= 500, TimeSpan.FromSeconds(30));
        await redis.KillAsync();
        await Task.WhenAll(rush);
        await redis.StartAsync();

        await using var afterwards = await redis.ConnectAsync();
        var live = (await new JobStore(afterwards, Options).LiveAsync(LivePosition.Start, 100_000)).Jobs.ToHashSet();
        Assert.True(live.IsSupersetOf(acknowledged.Keys), $"{acknowledged.Keys.Count(job => !live.Contains(job))} of {acknowledged.Count} acknowledged jobs are lost.");
        await Eventually.Until("the journal's connection is back", async () => (await HealthAsync()).Status == Akka.Persistence.PersistenceHealthStatus.Healthy);
        foreach (var (job, first) in acknowledged.Take(50)) Assert.Equal(first, Replay(id: PersistenceId.Of(job)).Events.Single().Payload);
    }

    [Fact]
    public async Task A_job_goes_on_after_the_event_that_the_endpoint_wrote()
    {
        await using var connection = await redis.ConnectAsync();
        var first = NewEvent();
        var intake = NewIntake(first);
        await new JobStore(connection, Options).AcceptAsync(intake);
        var id = PersistenceId.Of(intake.Job);
        var (events, highest) = Replay(id: id);
        Assert.Equal(first, events.Single().Payload);
        Assert.Equal(1, highest);
        Written(2, 3, id);
        Assert.Equal([1, 2, 3], Replayed(id: id));
    }

    private async Task AcceptUntilRedisDiesAsync(JobStore store, ConcurrentDictionary<JobId, RecordedEvent> acknowledged)
    {
        try
        {
            while (true)
            {
                var first = NewEvent();
                var intake = NewIntake(first);
                if (await store.AcceptAsync(intake) == IntakeResult.Accepted) acknowledged[intake.Job] = first;
            }
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            // The kill that the test waits for: this job was not acknowledged.
        }
    }

    private Intake NewIntake(RecordedEvent first)
    {
        var job = IdempotentJobId.New();
        var format = new RedisJournalFormat(Sys, TimeProvider.System);
        return new Intake(job, format.FirstEvent(job, first), new SealedSecrets([1]), Noon, Noon.AddHours(1));
    }

    private static RecordedEvent NewEvent() => new(Guid.NewGuid(), new Started(Noon));

    private Task<Akka.Persistence.PersistenceHealthCheckResult> HealthAsync() =>
        Akka.Persistence.Persistence.Instance.Apply(Sys).CheckJournalHealthAsync("akka.persistence.journal.redis", CancellationToken.None);
}
