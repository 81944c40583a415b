using Akka.Actor;
using CloneHub.Contracts;
using Microsoft.Extensions.Options;

namespace CloneHub.Host;

/// <summary>Settings of this node in its cluster, section "CloneHub:Cluster". The defaults make a cluster of one.</summary>
internal sealed class ClusterNodeOptions
{
    public const string Section = "CloneHub:Cluster";

    /// <summary>Address that the node binds to.</summary>
    public string HostName { get; set; } = "127.0.0.1";

    /// <summary>Address under which other nodes reach it; the bound one if empty.</summary>
    public string? PublicHostName { get; set; }

    /// <summary>0 takes a free port.</summary>
    public int Port { get; set; }

    /// <summary>Port under which other nodes reach it; the bound one if empty.</summary>
    public int? PublicPort { get; set; }

    /// <summary>"core" answers requests and drives jobs, "worker" does their steps. Empty for both.</summary>
    public IList<string> Roles { get; } = [];

    /// <summary>Addresses of the core nodes, such as akka.tcp://clonehub@core-0:4053, the same on every node. Without any the node is a cluster by itself.</summary>
    public IList<string> SeedNodes { get; } = [];

    /// <summary>How long a node may be silent before the others go on without it. One that was silent for longer ends itself.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>How long the steps of a worker that stops may go on. What lasts longer is started again on another worker.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a core node that is told to stop goes on answering before it begins to leave, so that what leads requests to it learns of it.</summary>
    public TimeSpan Farewell { get; set; }

    public bool IsAlone => SeedNodes.Count == 0;

    public bool IsCore => Roles.Count == 0 || Roles.Contains(NodeRoles.Core);

    public bool IsWorker => Roles.Count == 0 || Roles.Contains(NodeRoles.Worker);

    /// <summary>Read before there are services: which of them there are depends on it. What is wrong with it is said later, by the check.</summary>
    public static ClusterNodeOptions Of(IConfiguration configuration)
    {
        var options = new ClusterNodeOptions();
        foreach (var role in configuration.GetSection($"{Section}:{nameof(Roles)}").Get<string[]>() ?? []) options.Roles.Add(role);
        return options;
    }
}

internal sealed class ClusterNodeOptionsCheck(IConfiguration configuration) : IValidateOptions<ClusterNodeOptions>
{
    private const string LeaseSetting = "CloneHub:Queue:Lease";
    private static readonly TimeSpan LongestDrain = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan UsualLease = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestFarewell = TimeSpan.FromSeconds(30);

    public ValidateOptionsResult Validate(string? name, ClusterNodeOptions options)
    {
        List<string> faults =
        [
            .. options.Roles.Where(role => role is not (NodeRoles.Core or NodeRoles.Worker))
                .Select(role => $"{ClusterNodeOptions.Section}:Roles may hold 'core' and 'worker', not '{role}'."),
            .. options.SeedNodes.Where(seed => !ActorPath.TryParseAddress(seed, out var address) || address.System != ClusterNode.SystemName || address.Port is null)
                .Select(seed => $"{ClusterNodeOptions.Section}:SeedNodes: '{seed}' is not an address such as akka.tcp://clonehub@core-0:4053."),
        ];
        if (options.IsAlone && !(options.IsCore && options.IsWorker))
            faults.Add($"{ClusterNodeOptions.Section}:SeedNodes must name the core nodes where a node is not both 'core' and 'worker'.");
        if (options.SeedNodes.Distinct().Count() == 2)
            faults.Add($"{ClusterNodeOptions.Section}:SeedNodes must name one core node or at least three: of two neither is a majority.");
        if (!options.IsAlone && options.Port == 0) faults.Add($"{ClusterNodeOptions.Section}:Port must be set where there are SeedNodes: a node that comes back must have the same address.");
        if (options.Port is < 0 or > 65535) faults.Add($"{ClusterNodeOptions.Section}:Port must be from 0 to 65535.");
        if (options.PublicPort is < 1 or > 65535) faults.Add($"{ClusterNodeOptions.Section}:PublicPort must be from 1 to 65535.");
        if (options.Patience < TimeSpan.FromSeconds(4) || options.Patience > TimeSpan.FromMinutes(2)) faults.Add($"{ClusterNodeOptions.Section}:Patience must be from 4 seconds to 2 minutes.");
        if (!options.IsAlone && configuration.GetValue(LeaseSetting, UsualLease) <= options.Patience)
            faults.Add($"{LeaseSetting} must be longer than {ClusterNodeOptions.Section}:Patience: a worker that is only silent would lose its slots before the others know whether it is gone.");
        if (options.DrainTimeout < TimeSpan.Zero || options.DrainTimeout > LongestDrain) faults.Add($"{ClusterNodeOptions.Section}:DrainTimeout must be at most a minute.");
        if (options.Farewell < TimeSpan.Zero || options.Farewell > LongestFarewell) faults.Add($"{ClusterNodeOptions.Section}:Farewell must be at most 30 seconds.");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
