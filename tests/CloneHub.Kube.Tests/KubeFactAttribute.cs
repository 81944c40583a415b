using CloneHub.Kube.Tests.Cluster;

namespace CloneHub.Kube.Tests;

/// <summary>A test that needs a cluster; left out with the reason where none can be had, unless one must be.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class KubeFactAttribute : FactAttribute
{
    public KubeFactAttribute() => Skip = KubeTool.WhyNot;
}
