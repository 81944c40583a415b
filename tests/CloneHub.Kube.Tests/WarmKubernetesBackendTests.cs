using CloneHub.Contracts;
using CloneHub.Kube.Tests.Cluster;
using CloneHub.Provisioning;
using CloneHub.Provisioning.Tests;
using CloneHub.Testing;
using k8s;

namespace CloneHub.Kube.Tests;

/// <summary>A clone in an instance of the pool keeps all that every back end promises, in a cluster as on one machine.</summary>
[Collection(KubeCluster.Collection)]
[Trait("Needs", "kube")]
public sealed class WarmKubernetesBackendTests(KubeCluster cluster, WarmKubernetesBackendTests.Pool pool) : CloneBackendContract, IClassFixture<WarmKubernetesBackendTests.Pool>, IAsyncLifetime
{
    private KubeStage _stage = null!;

    private protected override ICloneBackend Backend => _stage.Backend;

    private protected override JobSecrets Secrets => _stage.Secrets;

    private protected override string MariaDb => cluster.MariaDb;

    public async Task InitializeAsync()
    {
        _stage = await pool.StageAsync(cluster);
        await _stage.FillPoolAsync();
        Assert.Equal(Pool.Size, (await _stage.PoolAsync()).Count(instance => instance.IsReady));
    }

    public Task DisposeAsync() => Task.CompletedTask;

    private protected override CloneOrder NewOrder() => _stage.NewOrder();

    private protected override JobId InstanceOf(CloneOrder order) => _stage.InstanceOf(order);

    private protected override Task<string?> AskAsync(CloneOrder order) => _stage.AskAsync(order);

    private protected override Task<string?> VisitAsync(CloneOrder order) => _stage.VisitAsync(order);

    private protected override async Task BreakAsync(CloneOrder order)
    {
        var instance = InstanceOf(order);
        Assert.NotEqual(order.Job, instance);
        await cluster.Admin.AppsV1.DeleteNamespacedDeploymentAsync(instance.Value, _stage.Namespace);
        await cluster.DeleteServiceAsync(_stage.Namespace, instance.Value);
        await cluster.Admin.NetworkingV1.DeleteNamespacedIngressAsync(instance.Value, _stage.Namespace);
        await cluster.Admin.CoreV1.DeleteNamespacedSecretAsync(instance.Value, _stage.Namespace);
        await Eventually.Until("the parts are gone", () => _stage.View.StateOf(instance) is { Deployment: null, Service: null, Route: null }, TimeSpan.FromSeconds(30));
    }

    private protected override Task RestartAsync() => _stage.RestartAsync();

    /// <summary>One stage for all: what one test leaves of the pool the next one need not make.</summary>
    public sealed class Pool : IAsyncLifetime
    {
        internal const int Size = 2;

        private KubeStage? _stage;

        public Task InitializeAsync() => Task.CompletedTask;

        public async Task DisposeAsync()
        {
            if (_stage is not null) await _stage.DisposeAsync();
        }

        internal async Task<KubeStage> StageAsync(KubeCluster cluster) =>
            _stage ??= await KubeStage.OpenAsync(cluster, new Dictionary<string, string?> { ["CloneHub:Pool:Size"] = "2", ["CloneHub:Pool:AtOnce"] = "4" });
    }
}
