using Akka.Actor;
using Akka.Cluster;
using CloneHub.Contracts;
using CloneHub.Jobs.Nodes;
using Microsoft.Extensions.Options;

namespace CloneHub.Host;

/// <summary>
/// Brings this node into its cluster, or founds it. Akka would let the first of the seed nodes found one as soon as no other answers it within seconds, whether they are gone or it is only
/// cut off from them. Here a node founds a cluster only while Redis, which no job can do without anyway, knows of none.
/// </summary>
internal sealed partial class ClusterEntry(IOptions<ClusterNodeOptions> options, ActorSystem system, ClusterClaim claim, NodeExit exit, ILogger<ClusterEntry> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>So often nobody must have said that there is a cluster: after a silence of Redis its members take a moment to say so again.</summary>
    private const int Looks = 6;

    /// <summary>After which it is told that the node waits.</summary>
    private const int LongWait = 20;

    private readonly Cluster _cluster = Cluster.Get(system);
    private readonly string _self = Cluster.Get(system).SelfUniqueAddress.ToString();
    private string? _founder;
    private int _absent;
    private bool _wasMember;

    /// <summary>Longer than a member that is silent for so long is one.</summary>
    private TimeSpan Life => options.Value.Patience * 1.25;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.IsAlone) return;
        List<Address> seeds = [.. options.Value.SeedNodes.Select(Address.Parse)];
        var others = seeds.Where(seed => seed != _cluster.SelfAddress).ToList();
        if (others.Count == 0)
        {
            // Nobody else could have founded one.
            _cluster.Join(_cluster.SelfAddress);
            return;
        }

        _cluster.JoinSeedNodes(others);
        CoordinatedShutdown.Get(system).AddTask(CoordinatedShutdown.PhaseClusterLeave, "cluster-claim", GiveUpAsync);
        using var timer = new PeriodicTimer(Interval, TimeProvider.System);
        for (var looks = 0; await timer.WaitForNextTickAsync(stoppingToken);)
        {
            try
            {
                _wasMember |= IsMember;
                if (_wasMember)
                {
                    await KeepAsync();
                    continue;
                }

                if (++looks == LongWait) LogWaits(logger);
                if (await IsUnclaimedAsync() && seeds.Count > others.Count) await FoundAsync();
            }
            catch (Exception e) when (ClusterClaim.IsSilence(e))
            {
                // Nothing is known, so nothing may be concluded.
                _absent = 0;
                LogSilence(logger, e);
            }
        }
    }

    private bool IsMember => _cluster.SelfMember.Status is MemberStatus.Joining or MemberStatus.WeaklyUp or MemberStatus.Up;

    /// <summary>Nobody has said for a while that there is a cluster.</summary>
    private async Task<bool> IsUnclaimedAsync() => (_absent = await claim.FounderAsync() is null ? _absent + 1 : 0) >= Looks;

    private async Task FoundAsync()
    {
        if (!await claim.TryFoundAsync(_self, Life)) return;
        _founder = _self;
        LogFounds(logger);
        _cluster.Join(_cluster.SelfAddress);
    }

    /// <summary>Who founded a cluster and then stood still may find another in its place.</summary>
    private async Task KeepAsync()
    {
        if (!IsMember || !options.Value.IsCore) return;
        if ((_founder ??= await claim.FounderAsync()) is not { } founder)
        {
            // Members of an earlier version claimed nothing: a node that comes now would found a second one.
            if (await IsUnclaimedAsync() && await claim.TryFoundAsync(_self, Life)) _founder = _self;
            return;
        }

        if (await claim.KeepAsync(founder, Life) == founder || exit.Code == NodeExit.PutOut) return;
        LogSecond(logger);
        _cluster.Down(_cluster.SelfAddress);
    }

    private async Task<Akka.Done> GiveUpAsync()
    {
        var isLast = !_cluster.State.Members.Any(member => member.UniqueAddress != _cluster.SelfUniqueAddress && member.Status == MemberStatus.Up && member.HasRole(NodeRoles.Core));
        try
        {
            if (isLast && _founder is { } founder && exit.Code != NodeExit.PutOut) await claim.GiveUpAsync(founder);
        }
        catch (Exception e) when (ClusterClaim.IsSilence(e))
        {
            // It lapses.
            LogSilence(logger, e);
        }

        return Akka.Done.Instance;
    }

    [LoggerMessage(9014, LogLevel.Information, "No cluster is known: this node founds one.")]
    private static partial void LogFounds(ILogger logger);

    [LoggerMessage(9015, LogLevel.Warning, "The other core nodes do not answer, or Redis does not; this node waits for them and founds no cluster of its own.")]
    private static partial void LogWaits(ILogger logger);

    [LoggerMessage(9017, LogLevel.Debug, "Redis does not say whether there is a cluster.")]
    private static partial void LogSilence(ILogger logger, Exception fault);

    [LoggerMessage(9016, LogLevel.Error, "Another cluster exists beside the one that this node is in.")]
    private static partial void LogSecond(ILogger logger);
}
