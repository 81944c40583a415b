using CloneHub.Contracts;
using CloneHub.Provisioning.Kubernetes.Manifests;
using CloneHub.Provisioning.Kubernetes.Watching;
using k8s.Models;
using Microsoft.Extensions.Options;

namespace CloneHub.Provisioning.Kubernetes;

/// <summary>Makes what an anchor says should exist, and leaves alone what is there as it was meant.</summary>
internal sealed class CloneObjects(ClusterApi api, ClusterView view, IOptions<KubernetesOptions> options)
{
    /// <summary>Nobody may read a Secret back, so it is applied whenever there may be a reason to.</summary>
    public Task ApplySecretAsync(Anchor anchor, Secret databasePassword, CancellationToken cancellation) =>
        api.ApplyAsync(PodManifests.Secret(anchor.Spec, options.Value, databasePassword), cancellation);

    /// <returns>What was missing or altered.</returns>
    public async Task<IReadOnlyList<string>> EnsureAsync(Anchor anchor, CancellationToken cancellation)
    {
        var made = new List<string>();
        if (anchor.Stage < AnchorStage.Pod || anchor.IsGoing) return made;
        var there = view.StateOf(anchor.Job);
        var deployment = PodManifests.Deployment(anchor.Spec, options.Value);
        if (!HoldsContent(anchor, there) && !ClusterApi.IsCurrent(there.Deployment, deployment))
        {
            await api.ApplyAsync(deployment, cancellation);
            made.Add("Deployment");
        }

        var service = ServiceOf(there with { Anchor = anchor });
        if (!ClusterApi.IsCurrent(there.Service, service))
        {
            await api.ApplyAsync(service, cancellation);
            made.Add("Service");
        }

        if (anchor.Stage == AnchorStage.Route) made.AddRange(await EnsureRouteAsync(anchor, there, cancellation));
        return made;
    }

    /// <summary>Whether Deployment and Service are there as they were meant, as far as is known.</summary>
    public bool HasPod(Anchor anchor)
    {
        var there = view.StateOf(anchor.Job);
        return anchor.Stage >= AnchorStage.Pod && (HoldsContent(anchor, there) || ClusterApi.IsCurrent(there.Deployment, PodManifests.Deployment(anchor.Spec, options.Value)))
            && ClusterApi.IsCurrent(there.Service, ServiceOf(there with { Anchor = anchor }));
    }

    /// <summary>Another version would make another pod: one that holds a copy is not replaced by an empty one.</summary>
    private static bool HoldsContent(Anchor anchor, CloneState there) => anchor.Content is not null && there.Deployment is not null;

    public V1Service ServiceOf(CloneState clone) => PodManifests.Service(clone.Anchor!.Spec, options.Value, clone.HasLostContent);

    private async Task<IReadOnlyList<string>> EnsureRouteAsync(Anchor anchor, CloneState there, CancellationToken cancellation)
    {
        switch (options.Value.Route)
        {
            case RouteKind.Ingress when RouteManifests.Ingress(anchor.Spec, options.Value) is var ingress && !ClusterApi.IsCurrent(there.Route, ingress):
                await api.ApplyAsync(ingress, cancellation);
                return [ingress.Kind];
            case RouteKind.HttpRoute when RouteManifests.HttpRoute(anchor.Spec, options.Value) is var route && !ClusterApi.IsCurrent(there.Route, route):
                await api.ApplyAsync(route, cancellation);
                return [route.Kind];
            default:
                return [];
        }
    }
}
