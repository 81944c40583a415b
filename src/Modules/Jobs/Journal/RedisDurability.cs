using Microsoft.Extensions.Diagnostics.HealthChecks;
using StackExchange.Redis;

namespace CloneHub.Jobs.Journal;

/// <summary>
/// Asks Redis whether what it acknowledges is on the disk. An answer to a POST rests on it, and a Redis with its default settings
/// forgets up to everything when it dies.
/// </summary>
internal sealed class RedisDurability(IConnectionMultiplexer redis, RedisOptions options)
{
    /// <summary>Setting, the value it must have, and what goes wrong with another one.</summary>
    private static readonly (string Name, string Value, string Otherwise)[] Required =
    [
        ("appendonly", "yes", "acknowledged jobs are lost when Redis stops"),
        ("appendfsync", "always", "jobs acknowledged in the last second are lost when its machine stops"),
        ("no-appendfsync-on-rewrite", "no", "jobs acknowledged while it compacts its file are lost when its machine stops"),
        ("maxmemory-policy", "noeviction", "jobs are dropped when memory runs short"),
    ];

    /// <summary>Null if Redis keeps what it acknowledges; otherwise what is wrong and the command that puts it right.</summary>
    public async Task<string?> FindFaultAsync()
    {
        if (options.Durability == RedisDurabilityMode.Managed) return null;
        foreach (var (name, value, otherwise) in Required)
        {
            RedisResult[] answer;
            try
            {
                answer = (RedisResult[])(await redis.GetDatabase(options.Database).ExecuteAsync("CONFIG", "GET", name))!;
            }
            catch (RedisServerException e)
            {
                return $"Redis does not tell its setting {name} ({e.Message}). If it is a managed service that keeps acknowledged writes, " +
                    $"say so with {RedisOptions.Section}:{nameof(RedisOptions.Durability)}=managed.";
            }

            var actual = answer.Length < 2 ? "(unknown)" : answer[1].ToString();
            if (!string.Equals(actual, value, StringComparison.OrdinalIgnoreCase))
            {
                return $"Redis has {name}={actual}: {otherwise}. Put it right with: redis-cli CONFIG SET {name} {value} " +
                    "and the same in its configuration file.";
            }
        }

        return null;
    }
}

/// <summary>Ready only while Redis answers and keeps what it acknowledges.</summary>
internal sealed class RedisHealth(IConnectionMultiplexer redis, RedisOptions options, TimeProvider clock) : IHealthCheck
{
    public const string Name = "redis";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    private readonly RedisDurability _durability = new(redis, options);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await redis.GetDatabase(options.Database).PingAsync().WaitAsync(Limit, clock, cancellationToken);
            return await _durability.FindFaultAsync().WaitAsync(Limit, clock, cancellationToken) is { } fault
                ? HealthCheckResult.Unhealthy(fault)
                : HealthCheckResult.Healthy("Redis answers and keeps what it acknowledges.");
        }
        catch (Exception e) when (RedisTrouble.Is(e) && !cancellationToken.IsCancellationRequested)
        {
            // Whoever asks may be a stranger, so no address is told.
            return HealthCheckResult.Unhealthy("Redis does not answer.", e);
        }
    }
}
