using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Hosting;
using Akka.Cluster.Hosting.SBR;
using Akka.Hosting;
using Akka.Remote.Hosting;
using CloneHub.Cleanup;
using CloneHub.Jobs;
using CloneHub.Provisioning;
using Microsoft.Extensions.Options;

namespace CloneHub.Host;

/// <summary>Settings of this node in its cluster, section "CloneHub:Cluster". The defaults make a cluster of one.</summary>
internal sealed class ClusterNodeOptions
{
    public const string Section = "CloneHub:Cluster";
    public const string Core = "core";
    public const string Worker = "worker";

    /// <summary>Address that the node binds to.</summary>
    public string HostName { get; set; } = "127.0.0.1";

    /// <summary>Address under which other nodes reach it; the bound one if empty.</summary>
    public string? PublicHostName { get; set; }

    /// <summary>0 takes a free port.</summary>
    public int Port { get; set; }

    /// <summary>"core" answers requests and drives jobs, "worker" does their steps. One node is both; others are not supported yet.</summary>
    public IList<string> Roles { get; } = [];

    /// <summary>Addresses such as akka.tcp://clonehub@core-0:4053. Not supported yet: the node forms a cluster by itself.</summary>
    public IList<string> SeedNodes { get; } = [];
}

internal sealed class ClusterNodeOptionsCheck : IValidateOptions<ClusterNodeOptions>
{
    private const string OneNode = "more than one node is not supported yet.";

    public ValidateOptionsResult Validate(string? name, ClusterNodeOptions options)
    {
        List<string> faults =
        [
            .. options.Roles.Where(role => role is not (ClusterNodeOptions.Core or ClusterNodeOptions.Worker))
                .Select(role => $"{ClusterNodeOptions.Section}:Roles may hold 'core' and 'worker', not '{role}'."),
            .. options.SeedNodes.Where(seed => !ActorPath.TryParseAddress(seed, out _))
                .Select(seed => $"{ClusterNodeOptions.Section}:SeedNodes: '{seed}' is not an address such as akka.tcp://clonehub@core-0:4053."),
        ];
        if (options.SeedNodes.Count > 0) faults.Add($"{ClusterNodeOptions.Section}:SeedNodes must be empty: {OneNode}");
        if (options.Roles.Count > 0 && !(options.Roles.Contains(ClusterNodeOptions.Core) && options.Roles.Contains(ClusterNodeOptions.Worker)))
            faults.Add($"{ClusterNodeOptions.Section}:Roles must be empty or hold both 'core' and 'worker': {OneNode}");
        if (options.Port is < 0 or > 65535) faults.Add($"{ClusterNodeOptions.Section}:Port must be from 0 to 65535.");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}

/// <summary>This process as a node: the actor system, its place in the cluster, and what runs on it.</summary>
internal static class ClusterNode
{
    public static void AddCluster(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<ClusterNodeOptions>().BindConfiguration(ClusterNodeOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<ClusterNodeOptions>, ClusterNodeOptionsCheck>();
        services.AddSingleton<BackendHealth>();
        services.AddHealthChecks()
            .AddCheck<ClusterHealth>(ClusterHealth.Name, tags: [Health.Ready])
            .AddCheck<BackendHealth>(BackendHealth.Name, tags: [Health.Ready]);
        services.AddAkka("clonehub", (akka, provider) =>
        {
            var options = provider.GetRequiredService<IOptions<ClusterNodeOptions>>().Value;
            akka.ConfigureLoggers(loggers =>
                {
                    loggers.ClearLoggers();
                    loggers.AddLoggerFactory();
                })
                .WithRemoting(new RemoteOptions { HostName = options.HostName, PublicHostName = options.PublicHostName, Port = options.Port })
                .WithClustering(new ClusterOptions
                {
                    Roles = options.Roles.Count > 0 ? [.. options.Roles] : [ClusterNodeOptions.Core, ClusterNodeOptions.Worker],
                    SeedNodes = [.. options.SeedNodes],
                    SplitBrainResolver = new KeepMajorityOption { Role = ClusterNodeOptions.Core },
                });
            if (options.SeedNodes.Count == 0) akka.AddStartup((system, _) => Cluster.Get(system).Join(Cluster.Get(system).SelfAddress));

            // Each looks up what the one before it has registered.
            akka.WithStepRunner().WithJobs(provider).WithCleanup(provider);
        });
    }
}
