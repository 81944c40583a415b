using CloneHub.Contracts;
using CloneHub.Provisioning.Kubernetes.Manifests;
using CloneHub.Provisioning.Kubernetes.Watching;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CloneHub.Provisioning.Kubernetes;

/// <summary>
/// Makes again what a clone lacks, and keeps the time of its end on its anchor, on the node whose duty it is. Any node closes a clone that has lost its
/// content: that cannot wait until the duty of a node that died is another one's. It looks after every change and now and then without one.
/// </summary>
internal sealed partial class CloneHealer(
    CloneObjects objects, ClusterApi api, ClusterView view, Anchors anchors, IOptions<KubernetesOptions> options, TimeProvider clock, ILogger<CloneHealer> logger,
    IClusterDuty? duty = null) : BackgroundService
{
    /// <summary>A step that makes the same things just now has this long to be seen.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private readonly Dictionary<JobId, long> _incomplete = [];

    /// <summary>One look at all clones.</summary>
    public async Task LookAsync(CancellationToken cancellation)
    {
        var all = view.Anchors;
        foreach (var gone in _incomplete.Keys.Except(all.Select(anchor => anchor.Job)).ToList()) _incomplete.Remove(gone);
        foreach (var anchor in all.Where(anchor => !anchor.IsGoing))
        {
            try
            {
                await HealAsync(anchor, cancellation);
            }
            catch (Exception trouble) when (!cancellation.IsCancellationRequested)
            {
                // The next look tries again; the others must not wait for this one.
                Log.NotHealed(logger, trouble, anchor.Job);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await view.Synced.WaitAsync(stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            var change = view.NextChange;
            await LookAsync(stoppingToken);
            var pause = Task.Delay(_incomplete.Count > 0 ? Grace : options.Value.HealingInterval, clock, stoppingToken);
            await Task.WhenAny(change, pause);

            // Changes come in swarms: a look for each would be many looks for nothing.
            await Task.Delay(TimeSpan.FromMilliseconds(200), clock, stoppingToken);
        }
    }

    private async Task HealAsync(Anchor anchor, CancellationToken cancellation)
    {
        var isWronglyOpen = anchor.Stage != AnchorStage.Database && IsWronglyOpen(view.StateOf(anchor.Job));
        var isOnDuty = duty is { IsHere: true };
        if (isOnDuty) await KeepExpiryAsync(anchor, cancellation);
        if (!(isOnDuty ? Lacks(anchor) : isWronglyOpen))
        {
            _incomplete.Remove(anchor.Job);
            return;
        }

        if (!_incomplete.TryGetValue(anchor.Job, out var since)) _incomplete[anchor.Job] = since = clock.GetTimestamp();
        if (isWronglyOpen) Log.ContentLost(logger, anchor.Job);

        // An empty WordPress asks whoever comes first to install it: that cannot wait.
        else if (clock.GetElapsedTime(since) < Grace) return;
        var made = await objects.EnsureAsync(anchor, cancellation);
        if (made.Count > 0) Log.Healed(logger, anchor.Job, string.Join(", ", made));
        _incomplete.Remove(anchor.Job);
    }

    private bool Lacks(Anchor anchor)
    {
        if (anchor.Stage == AnchorStage.Database) return false;
        var there = view.StateOf(anchor.Job);
        return there.Deployment is null || there.Service is null || IsWronglyOpen(there) || LacksRoute(anchor, there);
    }

    private bool LacksRoute(Anchor anchor, CloneState there) => anchor.Stage == AnchorStage.Route && options.Value.Route != RouteKind.Router && there.Route is null;

    private bool IsWronglyOpen(CloneState clone) => clone is { HasLostContent: true, Service: { } service } && !ClusterApi.IsCurrent(service, objects.ServiceOf(clone));

    /// <summary>A clone's time may be extended; the anchor says the truth within one look, for whoever reads the cluster only.</summary>
    private async Task KeepExpiryAsync(Anchor anchor, CancellationToken cancellation)
    {
        if (anchor.Owner is not { } owner || await anchors.ExpiryOfAsync(owner, cancellation) is not { } expires || AnchorManifest.Text(expires) == AnchorManifest.Text(anchor.Expires)) return;
        await api.PatchAnchorAsync(anchor.Job, AnchorManifest.Expiry(anchor, expires), cancellation);
    }

    private static partial class Log
    {
        [LoggerMessage(2211, LogLevel.Warning, "{JobId}: {Parts} had gone or was altered and is made again")]
        public static partial void Healed(ILogger logger, JobId jobId, string parts);

        [LoggerMessage(2213, LogLevel.Error, "{JobId}: the pod with its content is gone; its address is closed")]
        public static partial void ContentLost(ILogger logger, JobId jobId);

        [LoggerMessage(2212, LogLevel.Error, "{JobId}: what it lacks could not be made; it is tried again")]
        public static partial void NotHealed(ILogger logger, Exception trouble, JobId jobId);
    }
}
