using CloneHub.Contracts;
using CloneHub.Provisioning.Kubernetes.Manifests;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CloneHub.Provisioning.Kubernetes.Watching;

/// <summary>What exists of one clone, as far as the cluster has told.</summary>
/// <param name="Route">Its Ingress or HTTPRoute, whichever the settings want.</param>
internal sealed record CloneState(
    Anchor? Anchor, V1Deployment? Deployment, V1Service? Service, IKubernetesObject<V1ObjectMeta>? Route, IReadOnlyList<V1Pod> Pods)
{
    /// <summary>The pod that serves the clone; null while none is ready.</summary>
    public V1Pod? ReadyPod => Pods.FirstOrDefault(pod => pod.Metadata.DeletionTimestamp is null && pod.Status?.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true);

    /// <summary>
    /// The pod that the content was copied into is gone, or was told to go and may take half a minute to. Another that starts in its place has
    /// an empty WordPress.
    /// </summary>
    public bool HasLostContent => Anchor?.Content is { } content
        && !Pods.Any(pod => pod.Metadata.Uid == content && pod.Metadata.DeletionTimestamp is null && pod.Status?.Phase is not ("Failed" or "Succeeded"));

    /// <summary>What exists beside the anchor, in the words of <see cref="ExistingClone"/>.</summary>
    public IEnumerable<string> Parts
    {
        get
        {
            if (Deployment is not null) yield return "deployment";
            if (Pods.Count > 0) yield return "processes";
            if (Service is not null) yield return "service";
            if (Route is not null) yield return "route";
        }
    }

    public bool IsNothing => Anchor is null && Deployment is null && Service is null && Route is null && Pods.Count == 0;
}

/// <summary>All clones of the cluster, kept up to date by watching. Shared by everything that would otherwise ask.</summary>
internal sealed partial class ClusterView : BackgroundService
{
    private readonly Informer<V1ConfigMap> _anchors;
    private readonly Informer<V1Pod> _pods;
    private readonly Informer<V1Deployment> _deployments;
    private readonly Informer<V1Service> _services;
    private readonly Informer<V1Ingress>? _ingresses;
    private readonly Informer<HttpRoute>? _httpRoutes;
    private readonly ILogger _logger;
    private TaskCompletionSource _pulse = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ClusterView(IKubernetes cluster, IOptions<KubernetesOptions> options, TimeProvider clock, ILogger<ClusterView> logger)
    {
        _logger = logger;
        var kinds = new WatchedKinds(cluster, options.Value.Namespace);
        _anchors = Of(kinds.Anchors);
        _pods = Of(kinds.Pods);
        _deployments = Of(kinds.Deployments);
        _services = Of(kinds.Services);

        // There is no right to see the kind that is not used, and the cluster may not even know it.
        if (options.Value.Route == RouteKind.Ingress) _ingresses = Of(kinds.Ingresses);
        if (options.Value.Route == RouteKind.HttpRoute) _httpRoutes = Of(kinds.HttpRoutes);

        Informer<T> Of<T>(WatchedKind<T> kind)
            where T : class, IKubernetesObject<V1ObjectMeta> => new(kind, Pulse, (name, trouble) => Log.NotWatched(_logger, trouble, name), clock);
    }

    /// <summary>Ends when everything has been seen once.</summary>
    public Task Synced => Task.WhenAll(
        _anchors.Synced, _pods.Synced, _deployments.Synced, _services.Synced, _ingresses?.Synced ?? Task.CompletedTask, _httpRoutes?.Synced ?? Task.CompletedTask);

    public IReadOnlyList<Anchor> Anchors => [.. _anchors.Items.Select(AnchorManifest.Read).OfType<Anchor>()];

    /// <summary>Name of the instance that is a job's clone, as far as the cluster tells; the job's own if it tells nothing.</summary>
    public JobId InstanceOf(JobId job) =>
        _anchors.Find(job.Value) is null && Anchors.FirstOrDefault(anchor => anchor.Claim?.By == job) is { } claimed ? claimed.Job : job;

    /// <summary>What the server has answered to a change of ours, which a watch tells only later.</summary>
    public void Learn(V1ConfigMap anchor) => _anchors.Learn(anchor);

    public Anchor? AnchorOf(JobId job) => _anchors.Find(job.Value) is { } map ? AnchorManifest.Read(map) : null;

    public CloneState StateOf(JobId job) => new(
        AnchorOf(job), _deployments.Find(job.Value), _services.Find(job.Value), _ingresses?.Find(job.Value) ?? (IKubernetesObject<V1ObjectMeta>?)_httpRoutes?.Find(job.Value),
        [.. _pods.Items.Where(pod => CloneLabels.JobOf(pod.Metadata) == job)]);

    /// <summary>Ends with the next change of anything. To be taken before the state is looked at.</summary>
    public Task NextChange => Volatile.Read(ref _pulse).Task;

    /// <summary>Looks at a clone until there is an answer, again after every change.</summary>
    public async Task<T> WaitAsync<T>(JobId job, Func<CloneState, T?> look, CancellationToken cancellation)
        where T : class
    {
        await Synced.WaitAsync(cancellation);
        while (true)
        {
            var next = NextChange;
            if (look(StateOf(job)) is { } answer) return answer;
            await next.WaitAsync(cancellation);
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        _anchors.RunAsync(stoppingToken), _pods.RunAsync(stoppingToken), _deployments.RunAsync(stoppingToken), _services.RunAsync(stoppingToken),
        _ingresses?.RunAsync(stoppingToken) ?? Task.CompletedTask, _httpRoutes?.RunAsync(stoppingToken) ?? Task.CompletedTask);

    private void Pulse() => Interlocked.Exchange(ref _pulse, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    private static partial class Log
    {
        [LoggerMessage(2201, LogLevel.Warning, "The cluster's {Kind} objects are not heard of; asked again")]
        public static partial void NotWatched(ILogger logger, Exception trouble, string kind);
    }
}
