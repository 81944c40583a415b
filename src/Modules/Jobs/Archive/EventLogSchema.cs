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
            catch (Exception e) when (e is NpgsqlException or TimeoutException || e.InnerException is NpgsqlException)
            {
                LogWaiting(logger, e);
                await Task.Delay(BetweenTries, clock, stoppingToken);
            }
        }
    }

    [LoggerMessage(1120, LogLevel.Warning, "PostgreSQL does not answer; its schema is looked at again in a moment.")]
    private static partial void LogWaiting(ILogger logger, Exception error);
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
