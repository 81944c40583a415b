using CloneHub.Kube.Tests.Cluster;

namespace CloneHub.Kube.Tests;

/// <summary>A test that needs a cluster; left out with the reason where none can be had, unless one must be.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class KubeFactAttribute : FactAttribute
{
    public KubeFactAttribute() => Skip = KubeCluster.WhyNot;
}

/// <summary>A test that breaks the node, or gives it images of its own: nothing for a cluster of somebody else's.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NodeFactAttribute : FactAttribute
{
    public NodeFactAttribute() => Skip = KubeCluster.IsForeign ? "The cluster that KUBECONFIG names is neither broken nor given images." : KubeCluster.WhyNot;
}

/// <summary>As <see cref="NodeFactAttribute"/>, for several cases.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NodeTheoryAttribute : TheoryAttribute
{
    public NodeTheoryAttribute() => Skip = new NodeFactAttribute().Skip;
}
