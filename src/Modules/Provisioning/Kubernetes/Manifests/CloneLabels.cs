using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using CloneHub.Contracts;
using k8s.Models;

namespace CloneHub.Provisioning.Kubernetes.Manifests;

/// <summary>How everything of a clone is marked, so that all of it can be found again from the job id.</summary>
internal static partial class CloneLabels
{
    public const string App = "app";
    public const string Clone = "wordpress-clone";
    /// <summary>Name of the instance that an object is part of: the job's id, or that of one from the pool.</summary>
    public const string Job = "clonehub.io/job";

    /// <summary>On the anchor and the route of an instance from the pool: the job that has claimed it; empty as long as none has.</summary>
    public const string ClaimedBy = "clonehub.io/claimed-by";

    /// <summary>The tenant's name where a label can hold it, else a hash of it; the anchor's annotation of the same name has it in full.</summary>
    public const string Tenant = "clonehub.io/tenant";

    /// <summary>Annotation of an anchor: when the clone must be gone at the latest, RFC 3339.</summary>
    public const string Expires = "clonehub.io/expires";

    /// <summary>Annotation: hash of the manifest that was applied last.</summary>
    public const string Manifest = "clonehub.io/manifest";

    /// <summary>Finds all clones.</summary>
    public const string Selector = App + "=" + Clone;

    public static Dictionary<string, string> Of(JobId job, string tenant) => new(StringComparer.Ordinal)
    {
        [App] = Clone,
        [Job] = job.Value,
        [Tenant] = TenantLabel(tenant),
    };

    /// <summary>Of what was made for the pool, as long as it has no tenant: what is not said of it now must not be said of its pod later.</summary>
    public static Dictionary<string, string> OfPooled(JobId instance) => new(StringComparer.Ordinal) { [App] = Clone, [Job] = instance.Value };

    public static string TenantLabel(string tenant) => LabelValue().IsMatch(tenant)
        ? tenant
        : "sha256-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(tenant)).AsSpan(0, 16));

    public static JobId? JobOf(V1ObjectMeta metadata) =>
        metadata.Labels?.TryGetValue(Job, out var text) == true && JobId.TryParse(text, out var job) ? job : null;

    [GeneratedRegex("^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$")]
    private static partial Regex LabelValue();
}
