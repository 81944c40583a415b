using CloneHub.Jobs.Reporting;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace CloneHub.Jobs.Projections;

/// <summary>Degraded, never unhealthy, while reports are behind: a node without them accepts, builds and answers for jobs.</summary>
internal sealed class ProjectionHealth(ProjectionProgress progress, ProjectionRunner runner, TimeProvider clock) : IHealthCheck
{
    public const string Name = "projections";

    /// <summary>An event that waits longer than this is not on its way any more.</summary>
    private static readonly TimeSpan MaxLag = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            // Left behind, not cancelled, as in EventLogHealth.
            var at = await progress.OfAsync(ReportsProjection.ProjectionName, CancellationToken.None).WaitAsync(Patience, clock, cancellationToken);
            JobsTelemetry.Measured(at, clock.GetUtcNow());
            if (runner.Trouble is { } trouble) return HealthCheckResult.Degraded($"Reports stand still at event {at.At} of {at.Highest} ({trouble}); the log says more.");
            return at.OldestWaiting < clock.GetUtcNow() - MaxLag
                ? HealthCheckResult.Degraded($"Reports are behind, at event {at.At} of {at.Highest}: they hold up to {at.AsOf.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}.")
                : HealthCheckResult.Healthy("Reports are up to date.");
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            return HealthCheckResult.Degraded("The tables of the reports are missing. Run: CloneHub.Host migrate");
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or OperationCanceledException)
        {
            return HealthCheckResult.Degraded("PostgreSQL does not answer; there are no reports until it does.", e);
        }
    }
}
