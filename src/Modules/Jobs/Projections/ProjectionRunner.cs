using CloneHub.Jobs.Reporting;
using JasperFx;
using JasperFx.Events.Daemon;
using Marten;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace CloneHub.Jobs.Projections;

/// <summary>
/// Runs Marten's daemon for the asynchronous projections, and starts again whatever of it has stopped: after an outage of PostgreSQL, after
/// a rebuild took the progress away under it, after a fault. Whatever happens here only delays reports; it never ends the program.
/// Of several nodes one does so at a time. Two would do no harm: the progress is compared and set in the transaction of each page, so one of them wins each page; so a node does
/// not wait for ever for one that stands still.
/// </summary>
internal sealed partial class ProjectionRunner(IDocumentStore store, ProjectionProgress progress, NpgsqlDataSource database, TimeProvider clock, ILogger<ProjectionRunner> logger) : BackgroundService
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BeforeRestart = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PatienceWithOthers = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, (string Reason, long Position)> _failed = new(StringComparer.Ordinal);
    private volatile string? _trouble;

    /// <summary>What keeps a projection from going on; null while none is known.</summary>
    public string? Trouble => _trouble;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        await using var turn = new ProjectionTurn(database);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await progress.HasTablesAsync(ReportsSchema.Days, stoppingToken) && (await turn.TryAsync(stoppingToken) || await IsLateAsync(stoppingToken))) await RunAsync(turn, stoppingToken);
                await Task.Delay(BetweenLooks, clock, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Of whatever kind: the program accepts and builds without reports.
                _trouble = e.GetType().Name;
                LogDown(logger, e);
                await Task.Delay(BeforeRestart, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Whoever has the turn makes nothing of it.</summary>
    private async Task<bool> IsLateAsync(CancellationToken cancellation) =>
        (await progress.OfAsync(ReportsProjection.ProjectionName, cancellation)).OldestWaiting < clock.GetUtcNow() - PatienceWithOthers;

    private async Task RunAsync(ProjectionTurn turn, CancellationToken stoppingToken)
    {
        using var daemon = await store.BuildProjectionDaemonAsync();
        try
        {
            await daemon.StartAllAsync();
            _trouble = null;
            while (true)
            {
                await Task.Delay(BetweenLooks, clock, stoppingToken);
                if (!await turn.TryAsync(stoppingToken) && !await IsLateAsync(stoppingToken)) return;
                if (daemon.IsHighWaterStale) await daemon.RestartHighWaterAgentAsync(stoppingToken);
                foreach (var agent in daemon.CurrentAgents()) await LookAfterAsync(daemon, agent, stoppingToken);
                _trouble = _failed.Count == 0 ? null : string.Join("; ", _failed.Select(f => $"{f.Key}: {f.Value.Reason}"));
            }
        }
        finally
        {
            await daemon.StopAllAsync();
        }
    }

    private async Task LookAfterAsync(IProjectionDaemon daemon, ISubscriptionAgent agent, CancellationToken stoppingToken)
    {
        var name = agent.Name.Name;
        if (agent.Status is AgentStatus.Running)
        {
            // A restart alone cures nothing: the page that failed must have been taken.
            if (_failed.TryGetValue(name, out var failed) && (agent.Position > failed.Position || agent.Position >= daemon.HighWaterMark())) _failed.Remove(name);
            return;
        }

        if (agent.Failure is { Category: not ShardFailureCategory.ProgressionOutOfOrder } failure)
        {
            if (clock.GetUtcNow() - failure.OccurredAt < BeforeRestart) return;
            _failed[name] = (failure.RootExceptionType, agent.Position);
        }

        LogRestart(logger, name, agent.Failure?.RootExceptionType ?? "it was stopped");
        await daemon.StartAgentAsync(agent.Name.Identity, stoppingToken);
    }

    [LoggerMessage(1131, LogLevel.Warning, "Projection {Projection} stood still ({Reason}) and is started again.")]
    private static partial void LogRestart(ILogger logger, string projection, string reason);

    [LoggerMessage(1130, LogLevel.Warning, "The projections do not run; they are started again in a moment. Reports wait, nothing else does.")]
    private static partial void LogDown(ILogger logger, Exception error);
}
