using CloneHub.Contracts;
using k8s.Models;

namespace CloneHub.Provisioning.Kubernetes.Manifests;

/// <summary>Whose objects are to be made, and by which anchor they live and die.</summary>
/// <param name="Job">Name of the instance.</param>
/// <param name="AnchorUid">An object that names an anchor which is gone is removed by the cluster itself.</param>
/// <param name="Claim">Null for a clone that bears its job's name.</param>
internal sealed record CloneSpec(JobId Job, string Tenant, string AnchorUid, PoolClaim? Claim = null)
{
    /// <summary>All objects of a clone have the same name.</summary>
    public string Name => Job.Value;

    /// <summary>The job whose clone it is; null for one of the pool.</summary>
    public JobId? Owner => Claim is null ? Job : Claim.By;

    /// <summary>
    /// Of what was made for the pool: nothing of its job, now or later. A pod's could not be changed without another pod in its place, and the others' only by a call each.
    /// </summary>
    public Dictionary<string, string> InstanceLabels => Claim is null ? CloneLabels.Of(Job, Tenant) : CloneLabels.OfPooled(Job);

    /// <summary>Of the anchor and the route, which say whose it is.</summary>
    public Dictionary<string, string> Labels
    {
        get
        {
            if (Claim is null) return CloneLabels.Of(Job, Tenant);
            var labels = Claim.By is null ? CloneLabels.OfPooled(Job) : CloneLabels.Of(Job, Tenant);
            labels[CloneLabels.ClaimedBy] = Claim.By?.Value ?? "";
            return labels;
        }
    }

    /// <param name="labels"><see cref="InstanceLabels"/> or <see cref="Labels"/>.</param>
    public V1ObjectMeta Metadata(string space, IDictionary<string, string> labels, IDictionary<string, string>? annotations = null) => new()
    {
        Name = Name,
        NamespaceProperty = space,
        Labels = labels,
        Annotations = annotations,
        OwnerReferences =
        [
            new V1OwnerReference { ApiVersion = "v1", Kind = "ConfigMap", Name = Name, Uid = AnchorUid, Controller = true, BlockOwnerDeletion = true },
        ],
    };
}

/// <summary>Of an instance that was made for the pool: who has claimed it, if anybody has.</summary>
internal sealed record PoolClaim(JobId? By);
