using System.Text.Json;
using Akka.Actor;
using Akka.Cluster;
using CloneHub.Contracts;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace CloneHub.Host;

/// <summary>Whether the program lives, which depends on nothing, and whether it can work, which names everything that it needs.</summary>
internal static class Health
{
    public const string Ready = "ready";

    public static void MapHealth(this WebApplication app)
    {
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false, ResponseWriter = WriteAsync });
        app.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = check => check.Tags.Contains(Ready), ResponseWriter = WriteAsync });
    }

    private static Task WriteAsync(HttpContext context, HealthReport report)
    {
        context.Response.ContentType = "application/json";
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("status", Word(report.Status));
            json.WriteStartObject("checks");
            foreach (var (name, entry) in report.Entries.OrderBy(entry => entry.Key, StringComparer.Ordinal))
            {
                json.WriteStartObject(name);
                json.WriteString("status", Word(entry.Status));
                json.WriteString("reason", entry.Description ?? entry.Exception?.GetType().Name ?? "");
                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return context.Response.Body.WriteAsync(stream.ToArray(), context.RequestAborted).AsTask();
    }

    private static string Word(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "healthy",
        HealthStatus.Degraded => "degraded",
        _ => "unhealthy",
    };
}

/// <summary>Ready once this node is a full member of its cluster: before that no job can be woken.</summary>
internal sealed class ClusterHealth(ActorSystem system) : IHealthCheck
{
    public const string Name = "akka";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var status = Cluster.Get(system).SelfMember.Status;
        return Task.FromResult(status == MemberStatus.Up
            ? HealthCheckResult.Healthy("This node is up in its cluster.")
            : HealthCheckResult.Unhealthy($"This node is {status} in its cluster, not Up."));
    }
}

/// <summary>
/// Whether the back end can say which clones exist; locally that asks MariaDB and the folders of the clones. Requests are accepted without
/// it, so a silent one only degrades the node. It is asked every few seconds, however often somebody wants to know.
/// </summary>
internal sealed partial class BackendHealth(ICloneInventory inventory, ILogger<BackendHealth> logger, TimeProvider clock, IBackendWatch? watch = null) : IHealthCheck
{
    public const string Name = "backend";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private Task<HealthCheckResult>? _latest;
    private long _lookedAt;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            if (_latest is null || (_latest.IsCompleted && clock.GetElapsedTime(_lookedAt) > Fresh))
                (_latest, _lookedAt) = (LookAsync(), clock.GetTimestamp());
            return _latest.WaitAsync(cancellationToken);
        }
    }

    private async Task<HealthCheckResult> LookAsync()
    {
        try
        {
            if (watch is not null && await watch.LackAsync(CancellationToken.None).WaitAsync(Limit, clock) is { } lack)
            {
                LogLacks(logger, lack);
                return HealthCheckResult.Degraded($"{lack} Requests are accepted and wait for it.");
            }

            var clones = await inventory.ListAsync(CancellationToken.None).WaitAsync(Limit, clock);
            return HealthCheckResult.Healthy($"The back end answers; it holds {clones.Count} clones.");
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Whatever a back end throws means that it cannot be worked with; the reason for the operator is in the log.
            LogSilent(logger, e);
            return HealthCheckResult.Degraded("The back end of the clones (locally: MariaDB) does not answer. Requests are accepted and wait for it.");
        }
    }

    [LoggerMessage(9001, LogLevel.Warning, "The back end does not answer")]
    private static partial void LogSilent(ILogger logger, Exception exception);

    [LoggerMessage(9005, LogLevel.Warning, "The back end cannot work: {Lack}")]
    private static partial void LogLacks(ILogger logger, string lack);
}

/// <summary>What keeps the warm pool from its size. Clones are made without it, only later: that degrades the node and no more.</summary>
internal sealed class PoolHealth(IPoolWatch pool) : IHealthCheck
{
    public const string Name = "pool";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(pool.Trouble is { } trouble ? HealthCheckResult.Degraded(trouble) : HealthCheckResult.Healthy("Nothing keeps the warm pool from its size."));
}
