using CloneHub.Contracts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CloneHub.Provisioning.Local;

/// <summary>Takes over the clones an earlier run left behind, and restarts whatever of them dies.</summary>
internal sealed partial class CloneSupervisor(
    LocalLayout layout, CloneTree tree, CloneRoutes routes, PhpFpm php, Nginx nginx, IOptions<LocalOptions> options, TimeProvider clock, ILogger<CloneSupervisor> logger)
    : BackgroundService
{
    private static readonly ParallelOptions TwoAtATime = new() { MaxDegreeOfParallelism = 2 };

    /// <summary>One look: nginx and every clone's PHP run. What is dead is restarted; one that cannot be does not hold up the others.</summary>
    public async Task LookAsync(bool ask, CancellationToken cancellation)
    {
        var serving = layout.JobsWithFolder().Where(job => File.Exists(layout.Of(job).ServeMark)).ToList();
        var dead = serving.Where(job => !php.IsMasterAlive(job)).ToHashSet();
        ProvisioningTelemetry.Looked(pools: serving.Count - dead.Count, routes.Count);
        foreach (var log in serving.Select(job => layout.Of(job).PhpLog).Concat(layout.JobsWithAccessLog().Select(layout.AccessLogOf)))
            await TryAsync(() => Task.Run(() => LogTail.Bound(log), cancellation), fault => Log.NotBounded(logger, fault, log), cancellation);
        if (serving.Count == 0) return;
        await TryAsync(() => nginx.EnsureAsync(cancellation), fault => Log.NginxNotRestarted(logger, fault), cancellation);
        await Parallel.ForEachAsync(
            serving.Where(job => ask || dead.Contains(job)), TwoAtATime,
            async (job, _) => await TryAsync(() => RestoreAsync(job, dead.Contains(job), ask, cancellation), fault => Log.PhpNotRestarted(logger, fault, job), cancellation));
    }

    /// <summary>A PHP that a step is just restarting looks dead from here; once the step is done with it there is nothing to restore, or to tell.</summary>
    private async Task RestoreAsync(JobId job, bool isDead, bool atStart, CancellationToken cancellation)
    {
        var isStarted = await php.EnsureAsync(job, cancellation);
        if (!isDead || !isStarted) return;
        ProvisioningTelemetry.CountRestart();
        if (!atStart) Log.Dead(logger, job);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        ProvisioningTelemetry.Begin();
        tree.EnsureShared();
        await LookAsync(ask: true, stoppingToken);
        using var timer = new PeriodicTimer(options.Value.SupervisionInterval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken)) await LookAsync(ask: false, stoppingToken);
    }

    private static async Task TryAsync(Func<Task> work, Action<Exception> failed, CancellationToken cancellation)
    {
        try
        {
            await work();
        }
        catch (Exception fault) when (!cancellation.IsCancellationRequested)
        {
            // The next look tries again; the supervision of all the others must go on.
            failed(fault);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2121, LogLevel.Warning, "{JobId}: PHP was dead and is restarted")]
        public static partial void Dead(ILogger logger, JobId jobId);

        [LoggerMessage(2122, LogLevel.Error, "{JobId}: PHP could not be brought back; it is tried again")]
        public static partial void PhpNotRestarted(ILogger logger, Exception fault, JobId jobId);

        [LoggerMessage(2124, LogLevel.Error, "{Path} has grown too long and could not be put aside; it is tried again")]
        public static partial void NotBounded(ILogger logger, Exception fault, string path);

        [LoggerMessage(2123, LogLevel.Error, "nginx could not be brought back; it is tried again")]
        public static partial void NginxNotRestarted(ILogger logger, Exception fault);
    }
}
