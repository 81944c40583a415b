using System.Net;
using System.Security.Cryptography;
using CloneHub.Contracts;
using CloneHub.Provisioning.Kubernetes.Manifests;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Microsoft.Extensions.Options;

namespace CloneHub.Provisioning.Kubernetes;

/// <summary>Every change CloneHub makes in the cluster. Objects are applied by the server: what others set in them stays, what is ours is put right.</summary>
internal sealed class ClusterApi(IKubernetes cluster, IOptions<KubernetesOptions> options, TimeProvider clock)
{
    /// <summary>Whose fields they are.</summary>
    public const string FieldManager = "clonehub";

    private const int Tries = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private string Space => options.Value.Namespace;

    public async Task<IReadOnlyList<Anchor>> ListAnchorsAsync(CancellationToken cancellation)
    {
        var all = await cluster.CoreV1.ListNamespacedConfigMapAsync(Space, labelSelector: CloneLabels.Selector, cancellationToken: cancellation);
        return [.. all.Items.Select(AnchorManifest.Read).OfType<Anchor>()];
    }

    /// <summary>As it is now, whatever a watch has told; null if there is none.</summary>
    public async Task<Anchor?> ReadAnchorAsync(JobId job, CancellationToken cancellation) =>
        await OrNullAsync(() => cluster.CoreV1.ReadNamespacedConfigMapAsync(job.Value, Space, cancellationToken: cancellation), HttpStatusCode.NotFound) is { } map
            ? AnchorManifest.Read(map)
            : null;

    /// <returns>Null if there is one already.</returns>
    public async Task<Anchor?> CreateAnchorAsync(V1ConfigMap anchor, CancellationToken cancellation) =>
        await OrNullAsync(
            () => cluster.CoreV1.CreateNamespacedConfigMapAsync(anchor, Space, fieldManager: FieldManager, cancellationToken: cancellation), HttpStatusCode.Conflict) is { } map
            ? AnchorManifest.Read(map)
            : null;

    /// <returns>Null if the anchor has changed since it was read, or is gone.</returns>
    public Task<V1ConfigMap?> PatchAnchorAsync(JobId job, object patch, CancellationToken cancellation) => OrNullAsync(
        () => cluster.CoreV1.PatchNamespacedConfigMapAsync(
            new V1Patch(patch, V1Patch.PatchType.MergePatch), job.Value, Space, fieldManager: FieldManager, cancellationToken: cancellation),
        HttpStatusCode.Conflict, HttpStatusCode.NotFound);

    /// <summary>Removes the anchor once the cluster has removed all that hangs on it; returns before that.</summary>
    public Task DeleteAnchorAsync(Anchor anchor, CancellationToken cancellation) =>
        OrNullAsync(
            () => cluster.CoreV1.DeleteNamespacedConfigMapAsync(
                anchor.Job.Value, Space, new V1DeleteOptions { PropagationPolicy = "Foreground", Preconditions = new V1Preconditions { Uid = anchor.Uid } },
                cancellationToken: cancellation),
            HttpStatusCode.NotFound, HttpStatusCode.Conflict);

    /// <summary>The same, unless the anchor has changed since it was read.</summary>
    /// <returns>False if it has.</returns>
    public async Task<bool> TryDeleteAnchorAsync(Anchor anchor, CancellationToken cancellation)
    {
        var asRead = new V1Preconditions { Uid = anchor.Uid, ResourceVersion = anchor.Version };
        return await OrNullAsync(
            () => cluster.CoreV1.DeleteNamespacedConfigMapAsync(
                anchor.Job.Value, Space, new V1DeleteOptions { PropagationPolicy = "Foreground", Preconditions = asRead }, cancellationToken: cancellation),
            HttpStatusCode.NotFound, HttpStatusCode.Conflict) is not null;
    }

    public Task ApplyAsync(V1Secret manifest, CancellationToken cancellation) => AgainAsync(
        Patch(manifest),
        patch => cluster.CoreV1.PatchNamespacedSecretAsync(patch, manifest.Metadata.Name, Space, fieldManager: FieldManager, force: true, cancellationToken: cancellation),
        cancellation);

    public Task ApplyAsync(V1Service manifest, CancellationToken cancellation) => AgainAsync(
        Patch(Stamped(manifest)),
        patch => cluster.CoreV1.PatchNamespacedServiceAsync(
            patch, manifest.Metadata.Name, Space, fieldManager: FieldManager, force: true, cancellationToken: cancellation),
        cancellation);

    public Task ApplyAsync(V1Deployment manifest, CancellationToken cancellation) => AgainAsync(
        Patch(Stamped(manifest)),
        patch => cluster.AppsV1.PatchNamespacedDeploymentAsync(
            patch, manifest.Metadata.Name, Space, fieldManager: FieldManager, force: true, cancellationToken: cancellation),
        cancellation);

    public Task ApplyAsync(V1Ingress manifest, CancellationToken cancellation) => AgainAsync(
        Patch(Stamped(manifest)),
        patch => cluster.NetworkingV1.PatchNamespacedIngressAsync(
            patch, manifest.Metadata.Name, Space, fieldManager: FieldManager, force: true, cancellationToken: cancellation),
        cancellation);

    public Task ApplyAsync(HttpRoute manifest, CancellationToken cancellation) => AgainAsync(
        Patch(Stamped(manifest)),
        patch => cluster.CustomObjects.PatchNamespacedCustomObjectAsync(
            patch, HttpRoute.Group, HttpRoute.Version, Space, HttpRoute.Plural, manifest.Metadata.Name, fieldManager: FieldManager, force: true,
            cancellationToken: cancellation),
        cancellation);

    /// <summary>Whether an object is there as it was meant: made from this manifest, under this anchor.</summary>
    public static bool IsCurrent<T>(IKubernetesObject<V1ObjectMeta>? there, T wanted)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        there is { Metadata.DeletionTimestamp: null } && there.Metadata.Annotations?.TryGetValue(CloneLabels.Manifest, out var stamp) == true && stamp == StampOf(wanted);

    /// <summary>A manifest names the anchor by its uid, so the stamp tells anchors apart too.</summary>
    private static string StampOf<T>(T manifest) => Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(KubernetesJson.Serialize(manifest))).AsSpan(0, 8));

    private static T Stamped<T>(T manifest)
        where T : IKubernetesObject<V1ObjectMeta>
    {
        var stamp = StampOf(manifest);
        manifest.Metadata.Annotations ??= new Dictionary<string, string>();
        manifest.Metadata.Annotations[CloneLabels.Manifest] = stamp;
        return manifest;
    }

    /// <summary>What is ours in an object is put right whoever else changes it: a conflict only means that they did at the same moment.</summary>
    private async Task AgainAsync(V1Patch patch, Func<V1Patch, Task> apply, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await apply(patch);
                return;
            }
            catch (HttpOperationException refused) when (refused.Response.StatusCode == HttpStatusCode.Conflict && attempt < Tries)
            {
                await Task.Delay(attempt * Pause, clock, cancellation);
            }
        }
    }

    private static V1Patch Patch<T>(T manifest)
        where T : class => new(manifest, V1Patch.PatchType.ApplyPatch);

    private static async Task<T?> OrNullAsync<T>(Func<Task<T>> call, params HttpStatusCode[] meansNone)
        where T : class
    {
        try
        {
            return await call();
        }
        catch (HttpOperationException refused) when (meansNone.Contains(refused.Response.StatusCode))
        {
            // The caller asked what the answer means; the server's text adds nothing.
            return null;
        }
    }
}
