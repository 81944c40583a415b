using CloneHub.Contracts;
using k8s.Models;

namespace CloneHub.Provisioning.Kubernetes.Manifests;

/// <summary>Whose objects are to be made, and by which anchor they live and die.</summary>
/// <param name="AnchorUid">An object that names an anchor which is gone is removed by the cluster itself.</param>
internal sealed record CloneSpec(JobId Job, string Tenant, string AnchorUid)
{
    /// <summary>All objects of a clone have the same name.</summary>
    public string Name => Job.Value;

    public V1ObjectMeta Metadata(string space, IDictionary<string, string>? annotations = null) => new()
    {
        Name = Name,
        NamespaceProperty = space,
        Labels = CloneLabels.Of(Job, Tenant),
        Annotations = annotations,
        OwnerReferences =
        [
            new V1OwnerReference { ApiVersion = "v1", Kind = "ConfigMap", Name = Name, Uid = AnchorUid, Controller = true, BlockOwnerDeletion = true },
        ],
    };
}
