using CloneHub.Contracts;
using CloneHub.Kube.Tests.Cluster;
using CloneHub.Provisioning;
using CloneHub.Provisioning.Kubernetes;
using CloneHub.Provisioning.Kubernetes.Manifests;
using CloneHub.Provisioning.Tests;
using CloneHub.Testing;
using k8s;
using k8s.Models;

namespace CloneHub.Kube.Tests;

/// <summary>The servers of the node end without a farewell, or the node is emptied, while clones serve and others are begun.</summary>
[Collection(KubeCluster.Collection)]
[Trait("Needs", "kube")]
public sealed class NodeFaultTests(KubeCluster cluster) : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Away = TimeSpan.FromSeconds(60);

    private KubeStage _stage = null!;

    public async Task InitializeAsync()
    {
        if (KubeCluster.WhyNot is not null || KubeCluster.IsForeign) return;
        _stage = await KubeStage.OpenAsync(cluster);
        await _stage.Get<CloneHealer>().StartAsync(default);
    }

    public async Task DisposeAsync()
    {
        if (_stage is null) return;
        await cluster.Node.StartMissingAsync(default);
        await _stage.Get<CloneHealer>().StopAsync(default);
        await _stage.DisposeAsync();
    }

    [NodeFact]
    public async Task While_the_API_server_is_away_for_a_minute_clones_serve_and_jobs_wait()
    {
        var (order, next) = (await ServeAsync(), _stage.NewOrder());
        var started = TimeProvider.System.GetTimestamp();
        await cluster.Node.KillAsync("kube-apiserver", default);
        await AssertWaitsAsync(next, fence: 1);
        Assert.NotNull(await _stage.VisitAsync(order));
        await Eventually.Until("it was away for a minute", () => TimeProvider.System.GetElapsedTime(started) > Away, Away + Patience);
        await AssertWaitsAsync(next, fence: 2);
        Assert.NotNull(await _stage.VisitAsync(order));
        await cluster.Node.StartMissingAsync(default);

        await GoOnAsync(order, next);
    }

    [NodeFact]
    public async Task While_etcd_is_away_clones_serve_and_jobs_wait()
    {
        var (order, next) = (await ServeAsync(), _stage.NewOrder());
        await cluster.Node.KillAsync("etcd", default);
        await AssertWaitsAsync(next, fence: 1);
        Assert.NotNull(await _stage.VisitAsync(order));
        await cluster.Node.StartMissingAsync(default);

        await GoOnAsync(order, next);
    }

    [NodeFact]
    public async Task While_the_kubelet_is_dead_clones_serve_and_a_pod_waits_for_it()
    {
        var (order, next) = (await ServeAsync(), _stage.NewOrder());
        await cluster.Node.KillAsync("kubelet", default);
        await _stage.Backend.EnsureDatabaseAsync(next.Token(CloneStep.CreateDatabase, 1), next, _stage.Secrets, default);
        var start = _stage.Backend.EnsurePodAsync(next.Token(CloneStep.StartPod, 2), next, _stage.Secrets, null, default);
        await Eventually.Until("its pod is there and nobody starts it", () => _stage.View.StateOf(next.Job).Pods.Count == 1, Patience);
        Assert.NotNull(await _stage.VisitAsync(order));
        Assert.False(start.IsCompleted);
        await cluster.Node.StartMissingAsync(default);

        await start;
        await GoOnAsync(order, next);
    }

    [NodeFact]
    public async Task A_clone_that_was_removed_while_the_kubelet_was_dead_goes_once_that_is_back()
    {
        var order = await ServeAsync();
        await cluster.Node.KillAsync("kubelet", default);
        var removal = RemoveAsync(order);
        Assert.NotEmpty(_stage.View.StateOf(order.Job).Pods);
        await Eventually.Until("its Secret is gone, and its pod is to go", async () => await HasNoSecretAsync(order) && _stage.View.StateOf(order.Job).Pods.All(IsEnding), Patience);
        Assert.False(removal.IsCompleted);
        await cluster.Node.StartMissingAsync(default);

        await removal;
    }

    [NodeFact]
    public async Task A_node_that_is_emptied_closes_its_clones_and_new_ones_wait_for_room()
    {
        var (order, next) = (await ServeAsync(), _stage.NewOrder());
        await _stage.Backend.ImportPublicAsync(order.Token(CloneStep.ImportContent, 4), order, _stage.Secrets, null!, new Progress<ContentProgress>(), default);
        await CordonAsync(true);
        try
        {
            await EvictAsync(_stage.View.StateOf(order.Job).ReadyPod!);
            await Eventually.Until("the address is closed", async () => await _stage.VisitAsync(order) is null, Patience);
            await _stage.Backend.EnsureDatabaseAsync(next.Token(CloneStep.CreateDatabase, 1), next, _stage.Secrets, default);
            var start = _stage.Backend.EnsurePodAsync(next.Token(CloneStep.StartPod, 2), next, _stage.Secrets, null, default);
            await Eventually.Until("it is told that there is no room", () => PodTrouble.Of(_stage.View.StateOf(next.Job))?.Code == "POD_UNSCHEDULABLE", Patience);
            await CordonAsync(false);
            await start;
        }
        finally
        {
            await CordonAsync(false);
        }

        await Eventually.Until("another pod has come in the place of the first", () => _stage.View.StateOf(order.Job).ReadyPod is not null, Patience);
        Assert.Null(await _stage.VisitAsync(order));
        await RemoveAsync(order, next);
    }

    private async Task<bool> HasNoSecretAsync(CloneOrder order) =>
        (await cluster.Admin.CoreV1.ListNamespacedSecretAsync(_stage.Namespace, fieldSelector: $"metadata.name={order.Job.Value}")).Items.Count == 0;

    private static bool IsEnding(V1Pod pod) => pod.Metadata.DeletionTimestamp is not null;

    private async Task<CloneOrder> ServeAsync()
    {
        var order = _stage.NewOrder();
        await _stage.Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, 1), order, _stage.Secrets, default);
        await _stage.Backend.EnsurePodAsync(order.Token(CloneStep.StartPod, 2), order, _stage.Secrets, null, default);
        await _stage.Backend.OpenRouteAsync(order.Token(CloneStep.OpenIngress, 3), order, default);
        return order;
    }

    /// <summary>The step fails by what a job waits out, twelve times if need be, and in time.</summary>
    private async Task AssertWaitsAsync(CloneOrder order, long fence)
    {
        var trouble = await Record.ExceptionAsync(
            () => _stage.Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, fence), order, _stage.Secrets, default).WaitAsync(Patience));
        Assert.Equal(StepFault.BackendUnavailable, StepFaults.Of(trouble!).Code);
    }

    /// <summary>Both are there, everything that is missing is made, and everything goes.</summary>
    private async Task GoOnAsync(CloneOrder order, CloneOrder next)
    {
        await Eventually.Until("the next clone starts", async () => await Record.ExceptionAsync(() => StartAsync(next)) is null, Patience);
        await cluster.DeleteServiceAsync(_stage.Namespace, order.Job.Value);
        await Eventually.Until("what is missing is noticed and made", async () => await _stage.VisitAsync(order) is not null && _stage.View.StateOf(order.Job).Service is not null, Patience);
        await RemoveAsync(order, next);
    }

    private async Task StartAsync(CloneOrder order)
    {
        await _stage.Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, 5), order, _stage.Secrets, default);
        await _stage.Backend.EnsurePodAsync(order.Token(CloneStep.StartPod, 5), order, _stage.Secrets, null, default);
    }

    private async Task RemoveAsync(params CloneOrder[] orders)
    {
        foreach (var order in orders) await _stage.Backend.RemoveAsync(order.Token(CloneStep.Remove, 9), default);
        Assert.DoesNotContain(await _stage.Backend.ListAsync(default), clone => orders.Any(order => order.Job == clone.Job));
        Assert.Empty(await _stage.Get<ClusterApi>().ListAnchorsAsync(default));
    }

    private async Task CordonAsync(bool isClosed)
    {
        var node = (await cluster.Admin.CoreV1.ListNodeAsync()).Items.Single();
        await cluster.Admin.CoreV1.PatchNodeAsync(new V1Patch(new { spec = new { unschedulable = isClosed } }, V1Patch.PatchType.MergePatch), node.Metadata.Name);
    }

    /// <summary>As kubectl drain does it; this server knows the older version of the kind only.</summary>
    private async Task EvictAsync(V1Pod pod) => await cluster.Admin.CoreV1.CreateNamespacedPodEvictionAsync(
        new V1Eviction { ApiVersion = "policy/v1beta1", Kind = "Eviction", Metadata = new V1ObjectMeta { Name = pod.Metadata.Name, NamespaceProperty = _stage.Namespace } },
        pod.Metadata.Name, _stage.Namespace);
}
