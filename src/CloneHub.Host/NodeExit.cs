using Akka.Actor;
using Akka.Cluster;
using Akka.Hosting;
using CloneHub.Contracts;
using CloneHub.Jobs;
using Microsoft.Extensions.Options;

namespace CloneHub.Host;

/// <summary>How a node goes: in order, or because the others have gone on without it.</summary>
internal sealed partial class NodeExit(IOptions<ClusterNodeOptions> options, IHostApplicationLifetime lifetime, ILogger<NodeExit> logger)
{
    /// <summary>EX_TEMPFAIL of sysexits.h: whoever supervises this program starts it again.</summary>
    public const int PutOut = 75;

    public int Code { get; private set; }

    public void Watch(ActorSystem system)
    {
        var shutdown = CoordinatedShutdown.Get(system);
        shutdown.AddTask(CoordinatedShutdown.PhaseBeforeServiceUnbind, "steps", async () =>
        {
            if (shutdown.ShutdownReason is CoordinatedShutdown.ClusterDowningReason) LeaveAtOnce(system);
            else if (!options.Value.IsAlone && options.Value.IsWorker) await JobsModule.DrainWorkerAsync(system, options.Value.DrainTimeout);
            return Akka.Done.Instance;
        });
    }

    /// <summary>Its jobs and steps are others' by now: what it does still is stopped first.</summary>
    private void LeaveAtOnce(ActorSystem system)
    {
        Code = PutOut;
        LogPutOut(logger, PutOut);
        if (options.Value.IsWorker) ActorRegistry.For(system).Get<StepRunners>().Tell(new DrainSteps(AtOnce: true), ActorRefs.NoSender);
        lifetime.StopApplication();
    }

    [LoggerMessage(9010, LogLevel.Error, "This node was put out of its cluster, and ends with exit code {Code} to be started again.")]
    private static partial void LogPutOut(ILogger logger, int code);
}

/// <summary>
/// Holds a stop back for a moment in which the node goes on answering: whoever leads requests here hears of its end only after it has begun. A node that was put
/// out waits for nobody.
/// </summary>
internal sealed class Farewell(IOptions<ClusterNodeOptions> options, NodeExit exit) : IHostedLifecycleService
{
    // Before anything is stopped, the web server above all.
    public Task StoppingAsync(CancellationToken cancellationToken) =>
        !options.Value.IsCore || exit.Code == NodeExit.PutOut || options.Value.Farewell == TimeSpan.Zero ? Task.CompletedTask : Task.Delay(options.Value.Farewell, TimeProvider.System, cancellationToken);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>
/// Notices that this process stood still (a signal, a machine without time for it) for longer than the others wait. They have gone on by then, and
/// would need seconds more to make it known; so the node puts itself out. It goes by the time of the machine, as its peers do.
/// </summary>
internal sealed partial class FreezeWatch(IOptions<ClusterNodeOptions> options, ActorSystem system, ILogger<FreezeWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.IsAlone) return;
        using var timer = new PeriodicTimer(Interval, TimeProvider.System);
        var last = TimeProvider.System.GetTimestamp();
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var still = TimeProvider.System.GetElapsedTime(last);
            last = TimeProvider.System.GetTimestamp();
            if (still < options.Value.Patience) continue;
            LogFroze(logger, still);
            Cluster.Get(system).Down(Cluster.Get(system).SelfAddress);
        }
    }

    [LoggerMessage(9011, LogLevel.Error, "This node stood still for {Time}; the others have gone on without it.")]
    private static partial void LogFroze(ILogger logger, TimeSpan time);
}
