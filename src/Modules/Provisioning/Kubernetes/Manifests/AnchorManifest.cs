using System.Globalization;
using CloneHub.Contracts;
using k8s.Models;

namespace CloneHub.Provisioning.Kubernetes.Manifests;

/// <summary>What should exist of a clone. Each stage includes the one before.</summary>
internal enum AnchorStage
{
    Database,
    Pod,
    Route,
}

/// <summary>An anchor as it is read back.</summary>
/// <param name="Job">Its name, which is that of the instance.</param>
/// <param name="Version">The server's version of the object, for compare-and-swap.</param>
/// <param name="Content">Uid of the pod that holds the content; null before any was copied.</param>
internal sealed record Anchor(
    JobId Job, string Uid, string Version, string Tenant, long Fence, AnchorStage Stage, string? Content, DateTimeOffset? Expires, DateTimeOffset Since, bool IsGoing,
    PoolClaim? Claim = null)
{
    public CloneSpec Spec => new(Job, Tenant, Uid, Claim);

    /// <summary>The job whose clone it is; null for one of the pool.</summary>
    public JobId? Owner => Spec.Owner;
}

/// <summary>The ConfigMap that all other objects of a clone hang on. It is made first and deleted instead of all the others.</summary>
internal static class AnchorManifest
{
    public const string FenceKey = "fence";
    public const string StageKey = "stage";
    public const string ContentKey = "content";

    private const string Time = "yyyy-MM-ddTHH:mm:ssZ";

    public static V1ConfigMap Of(JobId instance, string tenant, string space, long fence, AnchorStage stage, DateTimeOffset? expires, PoolClaim? claim = null) => new()
    {
        ApiVersion = "v1",
        Kind = "ConfigMap",
        Metadata = new V1ObjectMeta
        {
            Name = instance.Value,
            NamespaceProperty = space,
            Labels = new CloneSpec(instance, tenant, AnchorUid: "", claim).Labels,
            Annotations = Annotations(tenant, expires),
        },
        Data = State(fence, stage),
    };

    /// <summary>A merge patch that the server refuses if the anchor has changed since it was read.</summary>
    public static object Claim(Anchor read, long fence, AnchorStage stage) =>
        new { metadata = new { resourceVersion = read.Version }, data = State(fence, stage) };

    /// <summary>The same for one of the pool that becomes a job's. What there is of it already stays.</summary>
    public static object Take(Anchor read, JobId job, string tenant, long fence, AnchorStage stage, DateTimeOffset? expires) => new
    {
        metadata = new { resourceVersion = read.Version, labels = (read.Spec with { Tenant = tenant, Claim = new PoolClaim(job) }).Labels, annotations = Annotations(tenant, expires) },
        data = State(fence, stage > read.Stage ? stage : read.Stage),
    };

    /// <summary>The attempt with this fence has filled a pod.</summary>
    public static object Content(Anchor read, long fence, string podUid) =>
        new { metadata = new { resourceVersion = read.Version }, data = new Dictionary<string, string>(State(fence, read.Stage)) { [ContentKey] = podUid } };

    public static object Expiry(Anchor read, DateTimeOffset? expires) =>
        new { metadata = new { resourceVersion = read.Version, annotations = new Dictionary<string, string?> { [CloneLabels.Expires] = Text(expires) } } };

    /// <summary>Null for a ConfigMap that is no anchor of ours.</summary>
    public static Anchor? Read(V1ConfigMap map)
    {
        if (CloneLabels.JobOf(map.Metadata) is not { } job || job.Value != map.Metadata.Name) return null;
        var data = map.Data ?? new Dictionary<string, string>();
        var annotations = map.Metadata.Annotations ?? new Dictionary<string, string>();
        return new Anchor(
            job,
            map.Metadata.Uid,
            map.Metadata.ResourceVersion,
            annotations.TryGetValue(CloneLabels.Tenant, out var tenant) ? tenant : "",
            data.TryGetValue(FenceKey, out var fence) && long.TryParse(fence, CultureInfo.InvariantCulture, out var number) ? number : 0,
            data.TryGetValue(StageKey, out var stage) && Enum.TryParse<AnchorStage>(stage, ignoreCase: true, out var reached) ? reached : AnchorStage.Database,
            data.TryGetValue(ContentKey, out var content) ? content : null,
            annotations.TryGetValue(CloneLabels.Expires, out var text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out var expires) ? expires : null,
            map.Metadata.CreationTimestamp is { } created ? new DateTimeOffset(created.ToUniversalTime(), TimeSpan.Zero) : DateTimeOffset.UnixEpoch,
            map.Metadata.DeletionTimestamp is not null,
            ClaimOf(map.Metadata));
    }

    /// <summary>Whole seconds: an annotation is for people, and must not change by less.</summary>
    public static string? Text(DateTimeOffset? time) => time?.ToUniversalTime().ToString(Time, CultureInfo.InvariantCulture);

    private static PoolClaim? ClaimOf(V1ObjectMeta metadata) =>
        metadata.Labels.TryGetValue(CloneLabels.ClaimedBy, out var text) ? new PoolClaim(JobId.TryParse(text, out var job) ? job : null) : null;

    private static Dictionary<string, string> State(long fence, AnchorStage stage) => new()
    {
        [FenceKey] = fence.ToString(CultureInfo.InvariantCulture),
        [StageKey] = stage switch { AnchorStage.Database => "database", AnchorStage.Pod => "pod", _ => "route" },
    };

    private static Dictionary<string, string> Annotations(string tenant, DateTimeOffset? expires)
    {
        var annotations = new Dictionary<string, string> { [CloneLabels.Tenant] = tenant };
        if (Text(expires) is { } text) annotations[CloneLabels.Expires] = text;
        return annotations;
    }
}
