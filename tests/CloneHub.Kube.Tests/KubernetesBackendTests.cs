using CloneHub.Contracts;
using CloneHub.Kube.Tests.Cluster;
using CloneHub.Provisioning;
using CloneHub.Provisioning.Tests;
using CloneHub.Testing;
using k8s;

namespace CloneHub.Kube.Tests;

[Collection(KubeCluster.Collection)]
[Trait("Needs", "kube")]
public sealed class KubernetesBackendTests(KubeCluster cluster) : CloneBackendContract, IAsyncLifetime
{
    private KubeStage _stage = null!;

    private protected override ICloneBackend Backend => _stage.Backend;

    private protected override JobSecrets Secrets => _stage.Secrets;

    private protected override string MariaDb => cluster.MariaDb;

    public async Task InitializeAsync() => _stage = await KubeStage.OpenAsync(cluster);

    public async Task DisposeAsync() => await _stage.DisposeAsync();

    private protected override CloneOrder NewOrder() => _stage.NewOrder();

    private protected override Task<string?> AskAsync(CloneOrder order) => _stage.AskAsync(order);

    private protected override Task<string?> VisitAsync(CloneOrder order) => _stage.VisitAsync(order);

    private protected override async Task BreakAsync(CloneOrder order)
    {
        await cluster.Admin.AppsV1.DeleteNamespacedDeploymentAsync(order.Job.Value, _stage.Namespace);
        await cluster.DeleteServiceAsync(_stage.Namespace, order.Job.Value);
        await cluster.Admin.NetworkingV1.DeleteNamespacedIngressAsync(order.Job.Value, _stage.Namespace);
        await cluster.Admin.CoreV1.DeleteNamespacedSecretAsync(order.Job.Value, _stage.Namespace);
        await Eventually.Until("the parts are gone", () => _stage.View.StateOf(order.Job) is { Deployment: null, Service: null, Route: null }, TimeSpan.FromSeconds(30));
    }

    private protected override Task RestartAsync() => _stage.RestartAsync();
}
