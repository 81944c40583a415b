using Akka.Persistence;
using CloneHub.Jobs.Journal;
using CloneHub.Testing;

namespace CloneHub.Jobs.Tests.Journal;

/// <summary>What the journal says while its Redis is dead or frozen.</summary>
[Trait("Needs", "servers")]
public sealed class RedisJournalOutageTests(RedisServer redis) : JournalSpec(redis.NewOptions()), IClassFixture<RedisServer>
{
    [Fact]
    public async Task A_write_without_Redis_fails_and_is_not_rejected()
    {
        Written(1, 3);
        await redis.KillAsync();
        try
        {
            var cause = Failed(Write(4, 4));
            Assert.False(cause is JournalFencedException, cause.ToString());
        }
        finally
        {
            await redis.StartAsync();
        }
    }

    [Fact]
    public async Task A_journal_finds_its_Redis_again_and_all_that_it_acknowledged()
    {
        Written(1, 3);
        await redis.KillAsync();
        await redis.StartAsync();
        await Eventually.Until("the journal's connection is back", async () => (await HealthAsync()).Status == PersistenceHealthStatus.Healthy);
        Assert.Equal([1, 2, 3], Replayed());
        Written(4, 4);
    }

    [Fact]
    public async Task A_frozen_Redis_is_unhealthy()
    {
        Written(1, 1);
        Assert.Equal(PersistenceHealthStatus.Healthy, (await HealthAsync()).Status);
        await redis.FreezeAsync();
        try
        {
            Assert.Equal(PersistenceHealthStatus.Unhealthy, (await HealthAsync()).Status);
        }
        finally
        {
            await redis.ThawAsync();
        }
    }

    private Task<PersistenceHealthCheckResult> HealthAsync() =>
        Persistence.Instance.Apply(Sys).CheckJournalHealthAsync("akka.persistence.journal.redis", CancellationToken.None);
}
