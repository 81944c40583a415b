using CloneHub.Jobs.Journal;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using StackExchange.Redis;

namespace CloneHub.Jobs.Tests.Journal;

[Trait("Needs", "servers")]
public sealed class RedisDurabilityTests(RedisServer redis) : IClassFixture<RedisServer>, IAsyncLifetime
{
    private IConnectionMultiplexer _connection = null!;

    public async Task InitializeAsync() => _connection = await redis.ConnectAsync();

    public async Task DisposeAsync() => await _connection.DisposeAsync();

    [Fact]
    public async Task A_Redis_that_keeps_what_it_acknowledges_is_healthy() => Assert.Equal(HealthStatus.Healthy, (await CheckAsync()).Status);

    [Theory]
    [InlineData("appendonly", "no", "yes")]
    [InlineData("appendfsync", "everysec", "always")]
    [InlineData("no-appendfsync-on-rewrite", "yes", "no")]
    [InlineData("maxmemory-policy", "allkeys-lru", "noeviction")]
    public async Task Another_Redis_is_refused_with_the_command_that_puts_it_right(string setting, string wrong, string right)
    {
        await SetAsync(setting, wrong);
        try
        {
            var health = await CheckAsync();
            Assert.Equal(HealthStatus.Unhealthy, health.Status);
            Assert.Contains($"Redis has {setting}={wrong}", health.Description, StringComparison.Ordinal);
            Assert.Contains($"redis-cli CONFIG SET {setting} {right}", health.Description, StringComparison.Ordinal);
            Assert.Equal(HealthStatus.Healthy, (await CheckAsync(RedisDurabilityMode.Managed)).Status);
        }
        finally
        {
            await SetAsync(setting, right);
        }
    }

    [Fact]
    public async Task A_service_that_hides_its_settings_is_refused_unless_its_operator_vouches()
    {
        var database = _connection.GetDatabase();
        await database.ExecuteAsync("ACL", "SETUSER", "guest", "on", "nopass", "~*", "+@all", "-config");
        await using var guest = await RedisConnection.ConnectAsync(redis.ConnectionString + ",user=guest,password=any");
        var health = await CheckAsync(connection: guest);
        Assert.Equal(HealthStatus.Unhealthy, health.Status);
        Assert.Contains("CloneHub:Redis:Durability=managed", health.Description, StringComparison.Ordinal);
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(RedisDurabilityMode.Managed, guest)).Status);
    }

    [Fact]
    public async Task A_frozen_Redis_is_unhealthy_even_where_its_operator_vouches()
    {
        await redis.FreezeAsync();
        try
        {
            var health = await CheckAsync(RedisDurabilityMode.Managed);
            Assert.Equal(HealthStatus.Unhealthy, health.Status);
            Assert.Contains("does not answer", health.Description, StringComparison.Ordinal);
        }
        finally
        {
            await redis.ThawAsync();
        }
    }

    private Task<HealthCheckResult> CheckAsync(RedisDurabilityMode mode = RedisDurabilityMode.Verify, IConnectionMultiplexer? connection = null) =>
        new RedisHealth(connection ?? _connection, new RedisOptions { Durability = mode }, TimeProvider.System).CheckHealthAsync(new HealthCheckContext());

    private async Task SetAsync(string setting, string value) => await _connection.GetDatabase().ExecuteAsync("CONFIG", "SET", setting, value);
}
