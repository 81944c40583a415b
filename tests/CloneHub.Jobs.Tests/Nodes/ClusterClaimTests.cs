using CloneHub.Jobs.Journal;
using CloneHub.Jobs.Nodes;
using CloneHub.Jobs.Tests.Journal;
using CloneHub.Testing;
using StackExchange.Redis;

namespace CloneHub.Jobs.Tests.Nodes;

[Collection(SharedRedis.Name)]
[Trait("Needs", "servers")]
public sealed class ClusterClaimTests(RedisServer redis) : IAsyncLifetime
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);
    private IConnectionMultiplexer _connection = null!;
    private ClusterClaim _claim = null!;

    public async Task InitializeAsync()
    {
        _connection = await redis.ConnectAsync();
        _claim = new ClusterClaim(_connection, redis.NewOptions());
    }

    public async Task DisposeAsync() => await _connection.DisposeAsync();

    [Fact]
    public async Task Of_many_nodes_that_start_at_once_one_founds_the_cluster()
    {
        var founded = await Task.WhenAll(Enumerable.Range(1, 20).Select(async node => await _claim.TryFoundAsync($"n{node}", Long) ? $"n{node}" : null));
        Assert.Equal(Assert.Single(founded, founder => founder is not null), await _claim.FounderAsync());
    }

    [Fact]
    public async Task A_claim_that_nobody_keeps_lapses_and_one_that_is_kept_does_not()
    {
        Assert.True(await _claim.TryFoundAsync("a", Short));
        await Eventually.Until("the claim lapses", async () => await _claim.FounderAsync() is null, TimeSpan.FromSeconds(30));
        Assert.Equal("a", await _claim.KeepAsync("a", Short));
        Assert.Equal("a", await _claim.KeepAsync("a", Long));
        Assert.False(await _claim.TryFoundAsync("b", Long));
    }

    [Fact]
    public async Task Members_of_a_second_cluster_learn_of_the_first_and_take_nothing_from_it()
    {
        Assert.True(await _claim.TryFoundAsync("a", Long));
        Assert.Equal("a", await _claim.KeepAsync("b", Long));
        await _claim.GiveUpAsync("b");
        Assert.Equal("a", await _claim.FounderAsync());
        await _claim.GiveUpAsync("a");
        Assert.Null(await _claim.FounderAsync());
    }
}
