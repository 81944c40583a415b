using System.Runtime.CompilerServices;
using System.Text.Json;
using CloneHub.Provisioning.Kubernetes.Manifests;
using k8s;
using k8s.Models;

namespace CloneHub.Provisioning.Kubernetes.Watching;

/// <summary>How each kind of object that a clone has is listed and watched: only clones, only in their namespace.</summary>
internal sealed class WatchedKinds(IKubernetes cluster, string space)
{
    public WatchedKind<V1ConfigMap> Anchors => new(
        "ConfigMap",
        async stop => Of(await cluster.CoreV1.ListNamespacedConfigMapAsync(space, labelSelector: CloneLabels.Selector, cancellationToken: stop)),
        (version, seconds, error, stop) => cluster.CoreV1.WatchListNamespacedConfigMapAsync(
            space, allowWatchBookmarks: true, labelSelector: CloneLabels.Selector, resourceVersion: version, timeoutSeconds: seconds, onError: error, cancellationToken: stop));

    public WatchedKind<V1Pod> Pods => new(
        "Pod",
        async stop => Of(await cluster.CoreV1.ListNamespacedPodAsync(space, labelSelector: CloneLabels.Selector, cancellationToken: stop)),
        (version, seconds, error, stop) => cluster.CoreV1.WatchListNamespacedPodAsync(
            space, allowWatchBookmarks: true, labelSelector: CloneLabels.Selector, resourceVersion: version, timeoutSeconds: seconds, onError: error, cancellationToken: stop));

    public WatchedKind<V1Service> Services => new(
        "Service",
        async stop => Of(await cluster.CoreV1.ListNamespacedServiceAsync(space, labelSelector: CloneLabels.Selector, cancellationToken: stop)),
        (version, seconds, error, stop) => cluster.CoreV1.WatchListNamespacedServiceAsync(
            space, allowWatchBookmarks: true, labelSelector: CloneLabels.Selector, resourceVersion: version, timeoutSeconds: seconds, onError: error, cancellationToken: stop));

    public WatchedKind<V1Deployment> Deployments => new(
        "Deployment",
        async stop => Of(await cluster.AppsV1.ListNamespacedDeploymentAsync(space, labelSelector: CloneLabels.Selector, cancellationToken: stop)),
        (version, seconds, error, stop) => cluster.AppsV1.WatchListNamespacedDeploymentAsync(
            space, allowWatchBookmarks: true, labelSelector: CloneLabels.Selector, resourceVersion: version, timeoutSeconds: seconds, onError: error, cancellationToken: stop));

    public WatchedKind<V1Ingress> Ingresses => new(
        "Ingress",
        async stop => Of(await cluster.NetworkingV1.ListNamespacedIngressAsync(space, labelSelector: CloneLabels.Selector, cancellationToken: stop)),
        (version, seconds, error, stop) => cluster.NetworkingV1.WatchListNamespacedIngressAsync(
            space, allowWatchBookmarks: true, labelSelector: CloneLabels.Selector, resourceVersion: version, timeoutSeconds: seconds, onError: error, cancellationToken: stop));

    public WatchedKind<HttpRoute> HttpRoutes => new(
        HttpRoute.Named,
        async stop => Of(await cluster.CustomObjects.ListNamespacedCustomObjectAsync<HttpRouteList>(
            HttpRoute.Group, HttpRoute.Version, space, HttpRoute.Plural, labelSelector: CloneLabels.Selector, cancellationToken: stop)),
        (version, seconds, error, stop) => RoutesOf(cluster.CustomObjects.WatchListNamespacedCustomObjectAsync(
            HttpRoute.Group, HttpRoute.Version, space, HttpRoute.Plural, allowWatchBookmarks: true, labelSelector: CloneLabels.Selector, resourceVersion: version,
            timeoutSeconds: seconds, onError: error, cancellationToken: stop), stop));

    /// <summary>The client hands over kinds that it does not know as they were sent.</summary>
    private static async IAsyncEnumerable<(WatchEventType Type, HttpRoute Item)> RoutesOf(
        IAsyncEnumerable<(WatchEventType Type, object Item)> sent, [EnumeratorCancellation] CancellationToken stop)
    {
        await foreach (var (type, item) in sent.WithCancellation(stop)) yield return (type, KubernetesJson.Deserialize<HttpRoute>((JsonElement)item));
    }

    private static (IEnumerable<T> Items, string Version) Of<T>(IItems<T> list)
        where T : IKubernetesObject => (list.Items, ((IKubernetesObject<V1ListMeta>)list).Metadata.ResourceVersion);
}
