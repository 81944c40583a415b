using System.Net.Sockets;
using Marten;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace CloneHub.Jobs.Archive;

/// <summary>
/// Brings the schema up to date at start, for a node that owns its database. It goes on trying while PostgreSQL is away:
/// requests are accepted meanwhile, only the event log waits.
/// </summary>
internal sealed partial class SchemaAtStart(IDocumentStore store, TimeProvider clock, ILogger<SchemaAtStart> logger) : BackgroundService
{
    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await store.Storage.ApplyAllConfiguredChangesToDatabaseAsync();
                return;
            }
            catch (Exception e) when (PostgreSqlTrouble.Is(e))
            {
                LogWaiting(logger, e);
                await Task.Delay(BetweenTries, clock, stoppingToken);
            }
        }
    }

    [LoggerMessage(1120, LogLevel.Warning, "PostgreSQL does not answer; its schema is looked at again in a moment.")]
    private static partial void LogWaiting(ILogger logger, Exception error);
}

/// <summary>The Host's command "migrate". Where all is started at once it is there before its PostgreSQL, and waits for that for a while.</summary>
internal static partial class SchemaUpdate
{
    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static async Task RunAsync(IDocumentStore store, TimeProvider clock, ILogger logger)
    {
        var started = clock.GetTimestamp();
        while (true)
        {
            try
            {
                await store.Storage.ApplyAllConfiguredChangesToDatabaseAsync();
                return;
            }
            catch (Exception e) when (IsAway(e) && clock.GetElapsedTime(started) < Patience)
            {
                LogAwaited(logger, e.Message);
                await Task.Delay(BetweenTries, clock);
            }
        }
    }

    /// <summary>Not a wrong password or a missing right, which no waiting mends.</summary>
    private static bool IsAway(Exception e) => e is NpgsqlException { IsTransient: true } or SocketException || e.InnerException is NpgsqlException { IsTransient: true };

    [LoggerMessage(1121, LogLevel.Warning, "PostgreSQL does not answer yet ({Reason}); asked again in a moment.")]
    private static partial void LogAwaited(ILogger logger, string reason);
}

/// <summary>Ready while the event log answers and has its tables.</summary>
internal sealed class EventLogHealth(NpgsqlDataSource database, ArchiveLag lag, TimeProvider clock) : IHealthCheck
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (lag.IsTooLarge) return HealthCheckResult.Unhealthy("ARCHIVE_LAG: the event log is so far behind that no more jobs are accepted.");
        try
        {
            // Left behind, not cancelled: to cancel a query the driver asks the very server that is silent, and waits for it.
            return await HasTablesAsync().WaitAsync(Limit, clock, cancellationToken)
                ? HealthCheckResult.Healthy("PostgreSQL answers.")
                : HealthCheckResult.Unhealthy("PostgreSQL answers, but the event log's tables are missing. Run: CloneHub.Host migrate");
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or OperationCanceledException)
        {
            return HealthCheckResult.Degraded("PostgreSQL does not answer. Requests are accepted; their history waits in Redis.", e);
        }
    }

    private async Task<bool> HasTablesAsync()
    {
        await using var command = database.CreateCommand($"select to_regclass('{EventLog.Schema}.mt_events') is not null");
        return await command.ExecuteScalarAsync(CancellationToken.None) is true;
    }
}
