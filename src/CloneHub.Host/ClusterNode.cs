using System.Globalization;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Hosting;
using Akka.Cluster.Hosting.SBR;
using Akka.Hosting;
using Akka.Remote.Hosting;
using CloneHub.Cleanup;
using CloneHub.Contracts;
using CloneHub.Jobs;
using CloneHub.Provisioning;
using Microsoft.Extensions.Options;

namespace CloneHub.Host;

/// <summary>This process as a node: the actor system, its place in the cluster, and what runs on it.</summary>
internal static class ClusterNode
{
    public const string SystemName = "clonehub";

    public static void AddCluster(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<ClusterNodeOptions>().BindConfiguration(ClusterNodeOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<ClusterNodeOptions>, ClusterNodeOptionsCheck>();
        services.AddSingleton<BackendHealth>();
        services.AddSingleton<NodeExit>();
        services.AddHostedService<Farewell>();
        services.AddHostedService<FreezeWatch>();
        services.AddHostedService<ClusterEntry>();
        services.AddHealthChecks()
            .AddCheck<ClusterHealth>(ClusterHealth.Name, tags: [Health.Ready])
            .AddCheck<BackendHealth>(BackendHealth.Name, tags: [Health.Ready])
            .AddCheck<PoolHealth>(PoolHealth.Name, tags: [Health.Ready]);

        // A worker lets its steps end before it goes, and a core node hands its jobs over.
        services.AddOptions<HostOptions>().Configure<IOptions<ClusterNodeOptions>>((host, node) =>
        {
            if (!node.Value.IsAlone) host.ShutdownTimeout = TimeSpan.FromSeconds(90);
        });
        services.AddAkka(SystemName, (akka, provider) =>
        {
            var options = provider.GetRequiredService<IOptions<ClusterNodeOptions>>().Value;
            akka.ConfigureLoggers(loggers =>
                {
                    loggers.ClearLoggers();
                    loggers.AddLoggerFactory();
                })
                .AddHocon(Timing(options), HoconAddMode.Prepend)
                .WithRemoting(new RemoteOptions { HostName = options.HostName, PublicHostName = options.PublicHostName, Port = options.Port, PublicPort = options.PublicPort })
                .WithClustering(new ClusterOptions
                {
                    Roles = [.. Roles(options)],
                    SplitBrainResolver = new KeepMajorityOption { Role = NodeRoles.Core },
                })
                .WithJobsWire();
            if (options.IsAlone) akka.AddStartup((system, _) => Cluster.Get(system).Join(Cluster.Get(system).SelfAddress));

            // Each looks up what the one before it has registered.
            if (options.IsWorker) akka.WithStepRunner(JobsModule.WorkerNameOf);
            if (options.IsCore) akka.WithJobs(provider, options.IsAlone).WithSingleton<ExpirySchedule>(
                "expiries", (_, registry, _) => CleanupModule.ExpirySchedule(provider, registry.Get<JobsRegion>()), new ClusterSingletonOptions { Role = NodeRoles.Core }, createProxyToo: false);
            if (options is { IsWorker: true, IsAlone: false }) akka.WithSlotOffers(provider, options.IsCore);
            akka.AddStartup((system, _) => provider.GetRequiredService<NodeExit>().Watch(system));
        });
    }

    private static IEnumerable<string> Roles(ClusterNodeOptions options)
    {
        if (options.IsCore) yield return NodeRoles.Core;
        if (options.IsWorker) yield return NodeRoles.Worker;
    }

    /// <summary>
    /// A silent node is out of sight after a part of the patience, and is put out of the cluster when nothing has changed for the rest of it.
    /// What moves then waits two seconds more, for one that is only cut off to notice the same.
    /// </summary>
    private static string Timing(ClusterNodeOptions options)
    {
        var pause = (int)(options.Patience.TotalMilliseconds * 0.4);
        var stable = (int)options.Patience.TotalMilliseconds - pause;
        var drain = (int)options.DrainTimeout.TotalMilliseconds + 10_000;
        return string.Create(CultureInfo.InvariantCulture, $$"""
            akka {
              remote.dot-netty.tcp { maximum-frame-size = 1048576b, send-buffer-size = 2097152b, receive-buffer-size = 2097152b }
              cluster {
                seed-node-timeout = 2s
                failure-detector { heartbeat-interval = 1s, acceptable-heartbeat-pause = {{pause}}ms, threshold = 10.0 }
                split-brain-resolver { stable-after = {{stable}}ms, down-all-when-unstable = {{4 * stable}}ms }
                down-removal-margin = 2s
                run-coordinated-shutdown-when-down = on
                singleton.hand-over-retry-interval = 500ms
                sharding {
                  retry-interval = 500ms
                  distributed-data { durable.keys = [], majority-min-cap = 2 }
                  coordinator-state { write-majority-plus = 0, read-majority-plus = 0 }
                }
              }
              coordinated-shutdown.phases.before-service-unbind.timeout = {{drain}}ms
            }
            """);
    }

    private sealed class ExpirySchedule;
}
