using CloneHub.Jobs.Journal;
using StackExchange.Redis;

namespace CloneHub.Jobs.Nodes;

/// <summary>
/// Says in Redis that there is a cluster, for as long as any of its members says so again. Nodes that cannot hear each other can still ask there, so that none founds a
/// second cluster beside the first.
/// </summary>
public sealed class ClusterClaim
{
    /// <summary>Writes no more often than it has to: each write is synced to the disk.</summary>
    private const string KeepScript =
        """
        local founder = redis.call('GET', KEYS[1])
        if founder and (founder ~= ARGV[1] or redis.call('PTTL', KEYS[1]) > 0.8 * ARGV[2]) then return founder end
        redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
        return ARGV[1]
        """;

    private readonly IConnectionMultiplexer _redis;
    private readonly RedisKey _key;

    internal ClusterClaim(IConnectionMultiplexer redis, RedisOptions options) => (_redis, _key) = (redis, new RedisKeys(options.KeyPrefix).Cluster);

    /// <summary>Who founded the cluster that there is; null where nobody has said for a while that there is one.</summary>
    /// <exception cref="RedisException">Nothing is known.</exception>
    public async Task<string?> FounderAsync() => await _redis.GetDatabase().StringGetAsync(_key);

    /// <summary>Of all who ask at once one may found the cluster.</summary>
    /// <param name="life">How long the claim holds if nobody keeps it.</param>
    public Task<bool> TryFoundAsync(string founder, TimeSpan life) => _redis.GetDatabase().StringSetAsync(_key, founder, life, When.NotExists);

    /// <summary>Says that the cluster of this founder goes on.</summary>
    /// <returns>The founder of the cluster that counts: another one if this is a second cluster.</returns>
    public async Task<string> KeepAsync(string founder, TimeSpan life) =>
        (string)(await _redis.GetDatabase().ScriptEvaluateAsync(KeepScript, [_key], [founder, (long)life.TotalMilliseconds]))!;

    /// <summary>The last member goes: whoever comes next need not wait until the claim has lapsed.</summary>
    public Task GiveUpAsync(string founder) => _redis.GetDatabase().ScriptEvaluateAsync("if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end", [_key], [founder]);

    /// <summary>Whether Redis gave no answer, which is no fault of whoever asked.</summary>
    public static bool IsSilence(Exception e) => RedisTrouble.Is(e);
}
