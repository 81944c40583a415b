using CloneHub.Contracts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CloneHub.Cleanup;

/// <summary>What one sweep found and did.</summary>
/// <param name="Orphans">Clones, or parts of clones, that no job wants.</param>
/// <param name="Removed">Those of them that are gone now; empty in a dry run.</param>
internal sealed record SweepReport(int Examined, IReadOnlyList<ExistingClone> Orphans, IReadOnlyList<JobId> Removed);

/// <summary>
/// The safety net under expiry: whatever exists and belongs to no job, or to one that is over, is removed. It asks about each thing by its
/// id; there is no deletion by pattern, and a thing whose job cannot be asked is left alone.
/// </summary>
internal sealed partial class OrphanSweep(
    ICloneInventory inventory, IJobDirectory jobs, IOptions<CleanupOptions> options, TimeProvider clock, ILogger<OrphanSweep> logger)
{
    public async Task<SweepReport> RunAsync(bool dryRun, CancellationToken cancellation)
    {
        var clones = await inventory.ListAsync(cancellation);
        var orphans = new List<ExistingClone>();
        var removed = new List<JobId>();
        foreach (var clone in clones)
        {
            if (!await IsOrphanAsync(clone, cancellation)) continue;
            orphans.Add(clone);
            LogOrphan(logger, clone.Job, string.Join(", ", clone.Parts), dryRun);
            if (!dryRun && await RemoveAsync(clone.Job, cancellation)) removed.Add(clone.Job);
        }

        var report = new SweepReport(clones.Count, orphans, removed);
        CleanupTelemetry.Swept(report);
        return report;
    }

    private async Task<bool> IsOrphanAsync(ExistingClone clone, CancellationToken cancellation)
    {
        try
        {
            return await jobs.PresenceAsync(clone.Job, cancellation) switch
            {
                JobPresence.Live => false,
                JobPresence.Gone => true,
                _ => clock.GetUtcNow() - clone.Since > options.Value.OrphanAge,
            };
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            // Not knowing is no reason to remove.
            LogUnknown(logger, e, clone.Job);
            return false;
        }
    }

    private async Task<bool> RemoveAsync(JobId job, CancellationToken cancellation)
    {
        try
        {
            await inventory.RemoveOrphanAsync(job, cancellation);
            return true;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            LogRemoveFailed(logger, e, job);
            return false;
        }
    }

    [LoggerMessage(3010, LogLevel.Warning, "Job {JobId}: orphaned {Parts} found (dry run: {DryRun}).")]
    private static partial void LogOrphan(ILogger logger, JobId jobId, string parts, bool dryRun);

    [LoggerMessage(3011, LogLevel.Warning, "Job {JobId}: could not be asked whether its clone is wanted; it is left alone.")]
    private static partial void LogUnknown(ILogger logger, Exception error, JobId jobId);

    [LoggerMessage(3012, LogLevel.Error, "Job {JobId}: what it left behind could not be removed; the next sweep tries again.")]
    private static partial void LogRemoveFailed(ILogger logger, Exception error, JobId jobId);
}

/// <summary>Sweeps now and then, on the node whose duty it is: two that sweep at once would get into each other's way.</summary>
internal sealed partial class PeriodicSweep(OrphanSweep sweep, CleanupDuty duty, IOptions<CleanupOptions> options, TimeProvider clock, ILogger<PeriodicSweep> logger)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        CleanupTelemetry.Begin();
        using var timer = new PeriodicTimer(options.Value.SweepInterval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (!duty.IsHere) continue;
            try
            {
                await sweep.RunAsync(options.Value.DryRun, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                CleanupTelemetry.CountFailedSweep();
                LogSweepFailed(logger, e);
            }
        }
    }

    [LoggerMessage(3013, LogLevel.Error, "The sweep for orphans failed; the next one tries again.")]
    private static partial void LogSweepFailed(ILogger logger, Exception error);
}
