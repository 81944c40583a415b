using CloneHub.Contracts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CloneHub.Provisioning.Pool;

/// <summary>Looks after the pool now and then, on the node whose duty it is.</summary>
internal sealed partial class PoolController(WarmPool pool, IOptions<PoolOptions> options, TimeProvider clock, ILogger<PoolController> logger, IClusterDuty? duty = null)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        ProvisioningTelemetry.BeginPool();
        if (options.Value.IsOff || duty is null) return;
        using var timer = new PeriodicTimer(options.Value.Interval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (!duty.IsHere)
            {
                pool.Rest();
                continue;
            }

            try
            {
                await pool.LookAsync(stoppingToken);
            }
            catch (Exception fault) when (!stoppingToken.IsCancellationRequested)
            {
                // Most likely the clones' MariaDB is away: jobs wait for it too, and readiness says so. The next look tries again.
                Log.NotLooked(logger, fault);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2406, LogLevel.Warning, "The warm pool could not be looked after; the next look tries again")]
        public static partial void NotLooked(ILogger logger, Exception fault);
    }
}
