using CloneHub.Kube.Tests.Cluster;

// The linked contract looks for it here.
namespace CloneHub.Provisioning.Tests;

/// <summary>A promise of every back end; left out with the reason where no cluster can be had, unless one must be.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ContractFactAttribute : FactAttribute
{
    public ContractFactAttribute() => Skip = KubeCluster.WhyNot;
}
