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
        if (serving.Count == 0) return;
        await TryAsync("nginx", () => nginx.EnsureAsync(cancellation), cancellation);
        await Parallel.ForEachAsync(
            serving.Where(job => ask || !php.IsMasterAlive(job)), TwoAtATime,
            async (job, _) =>
            {
                if (!ask) Log.Dead(logger, job);
                await TryAsync(job.Value, () => php.EnsureAsync(job, cancellation), cancellation);
            });
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        tree.EnsureShared();
        routes.Adopt();
        await LookAsync(ask: true, stoppingToken);
        using var timer = new PeriodicTimer(options.Value.SupervisionInterval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken)) await LookAsync(ask: false, stoppingToken);
    }

    private async Task TryAsync(string what, Func<Task> work, CancellationToken cancellation)
    {
        try
        {
            await work();
        }
        catch (Exception fault) when (!cancellation.IsCancellationRequested)
        {
            // The next look tries again; the supervision of all the others must go on.
            Log.NotRestarted(logger, fault, what);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2121, LogLevel.Warning, "{Job}: PHP is dead and is restarted")]
        public static partial void Dead(ILogger logger, JobId job);

        [LoggerMessage(2122, LogLevel.Error, "{What} could not be brought back; it is tried again")]
        public static partial void NotRestarted(ILogger logger, Exception fault, string what);
    }
}
