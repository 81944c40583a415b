using CloneHub.Cleanup;
using CloneHub.Contracts;
using CloneHub.Kube.Tests.Cluster;
using CloneHub.Provisioning;
using CloneHub.Provisioning.Kubernetes;
using CloneHub.Provisioning.Kubernetes.Manifests;
using CloneHub.Provisioning.Tests;
using CloneHub.Testing;
using k8s;
using Xunit.Abstractions;

namespace CloneHub.Kube.Tests;

[Collection(KubeCluster.Collection)]
[Trait("Needs", "kube")]
public sealed class CloneHealerTests(KubeCluster cluster, ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private KubeStage _stage = null!;

    public async Task InitializeAsync()
    {
        _stage = await KubeStage.OpenAsync(cluster);
        _stage.Get<CleanupDuty>().IsHere = true;
        await _stage.Get<CloneHealer>().StartAsync(default);
    }

    public async Task DisposeAsync()
    {
        await _stage.Get<CloneHealer>().StopAsync(default);
        await _stage.DisposeAsync();
    }

    [KubeFact]
    public async Task What_somebody_deletes_of_a_serving_clone_is_made_again()
    {
        var order = await ServeAsync();
        await cluster.DeleteServiceAsync(_stage.Namespace, order.Job.Value);
        await cluster.Admin.NetworkingV1.DeleteNamespacedIngressAsync(order.Job.Value, _stage.Namespace);
        await Eventually.Until("the clone is out of reach", async () => await _stage.VisitAsync(order) is null, Patience);

        await Eventually.Until("the public reaches the clone again", async () => await _stage.VisitAsync(order) is not null, Patience);
    }

    [KubeFact]
    public async Task A_pod_waits_for_no_secret_that_somebody_has_deleted()
    {
        var order = await ServeAsync();
        await cluster.Admin.CoreV1.DeleteNamespacedSecretAsync(order.Job.Value, _stage.Namespace);
        await cluster.Admin.CoreV1.DeleteCollectionNamespacedPodAsync(_stage.Namespace, labelSelector: $"{CloneLabels.Job}={order.Job}");
        await Eventually.Until("the pod is gone", async () => await _stage.AskAsync(order) is null, Patience);

        await Eventually.Until("a new pod serves", async () => await _stage.AskAsync(order) is not null, TimeSpan.FromSeconds(90));
    }

    [NodeFact]
    public async Task A_clone_whose_pod_was_lost_is_closed_and_never_shown_empty()
    {
        var order = await ServeAsync();
        var held = _stage.View.StateOf(order.Job).ReadyPod!;
        await _stage.Backend.ImportPublicAsync(order.Token(CloneStep.ImportContent, 4), order, _stage.Secrets, null!, new Progress<ContentProgress>(), default);
        await _stage.Backend.OpenRouteAsync(order.Token(CloneStep.OpenIngress, 5), order, default);
        Assert.NotNull(await _stage.VisitAsync(order));

        await cluster.Admin.CoreV1.DeleteCollectionNamespacedPodAsync(_stage.Namespace, labelSelector: $"{CloneLabels.Job}={order.Job}");
        await Eventually.Until(
            "another pod is ready", () => _stage.View.StateOf(order.Job).ReadyPod is { } pod && pod.Metadata.Uid != held.Metadata.Uid, TimeSpan.FromSeconds(60));
        await Eventually.Until("the address is closed", async () => await _stage.VisitAsync(order) is null, Patience);

        var refused = await Assert.ThrowsAsync<StepFaultException>(
            () => _stage.Backend.ActivatePluginAsync(order.Token(CloneStep.ActivatePlugin, 6), order, _stage.Secrets, default));
        Assert.Equal("CONTENT_LOST", refused.Fault.Code);
    }

    [KubeFact]
    public async Task A_clone_that_goes_is_not_brought_back()
    {
        var order = await ServeAsync();
        await _stage.Backend.RemoveAsync(order.Token(CloneStep.Remove, 9), default);
        await _stage.Get<CloneHealer>().LookAsync(default);

        Assert.True(_stage.View.StateOf(order.Job).IsNothing);
        Assert.Empty(await _stage.Get<ClusterApi>().ListAnchorsAsync(default));
    }

    [KubeFact]
    public async Task An_anchor_says_when_its_clone_ends_also_after_that_was_put_off()
    {
        var first = TimeProvider.System.GetUtcNow().AddHours(2);
        var order = _stage.NewOrder();
        _stage.Deadlines[order.Job] = first;
        await _stage.Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, 1), order, _stage.Secrets, default);
        Assert.Equal(AnchorManifest.Text(first), await ExpiresAsync(order));

        _stage.Deadlines[order.Job] = first.AddHours(1);
        await Eventually.Until("the anchor has the later end", async () => await ExpiresAsync(order) == AnchorManifest.Text(first.AddHours(1)), Patience);
    }

    [KubeFact]
    public async Task Of_many_nodes_only_the_one_on_duty_heals()
    {
        var (healer, duty) = (_stage.Get<CloneHealer>(), _stage.Get<CleanupDuty>());
        await healer.StopAsync(default);
        var order = _stage.NewOrder();
        await _stage.Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, 1), order, _stage.Secrets, default);
        await Eventually.Until("the anchor is heard of", () => _stage.View.AnchorOf(order.Job) is not null, Patience);
        var end = _stage.Deadlines[order.Job] = TimeProvider.System.GetUtcNow().AddHours(2);

        duty.IsHere = false;
        await healer.LookAsync(default);
        Assert.DoesNotContain(_stage.Calls.CallsFor(order.Job.Value), call => call.Verb == "patch");

        duty.IsHere = true;
        await healer.LookAsync(default);
        Assert.Equal(AnchorManifest.Text(end), await ExpiresAsync(order));
    }

    [NodeFact]
    public async Task A_clone_takes_no_more_than_fifteen_calls_to_the_API_server()
    {
        // An anchor is made by a POST, whose address names nothing, and the agent is run through WebSockets, which are not recorded.
        const int Unseen = 1 + 2;
        var order = _stage.NewOrder();
        await _stage.Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, 1), order, _stage.Secrets, default);
        await _stage.Backend.EnsurePodAsync(order.Token(CloneStep.StartPod, 2), order, _stage.Secrets, null, default);
        await _stage.Backend.EnsurePodAsync(order.Token(CloneStep.ImportContent, 3), order, _stage.Secrets, null, default);
        await _stage.Backend.ImportPublicAsync(order.Token(CloneStep.ImportContent, 3), order, _stage.Secrets, null!, new Progress<ContentProgress>(), default);
        await _stage.Backend.ActivatePluginAsync(order.Token(CloneStep.ActivatePlugin, 4), order, _stage.Secrets, default);
        await _stage.Backend.OpenRouteAsync(order.Token(CloneStep.OpenIngress, 5), order, default);
        await _stage.Backend.RemoveAsync(order.Token(CloneStep.Remove, 6), default);

        var calls = _stage.Calls.CallsFor(order.Job.Value);
        output.WriteLine($"{calls.Count + Unseen} calls; by name: {string.Join(", ", calls)}");
        Assert.InRange(calls.Count + Unseen, 8, 15);
    }

    private async Task<CloneOrder> ServeAsync()
    {
        var order = _stage.NewOrder();
        await _stage.Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, 1), order, _stage.Secrets, default);
        await _stage.Backend.EnsurePodAsync(order.Token(CloneStep.StartPod, 2), order, _stage.Secrets, null, default);
        await _stage.Backend.OpenRouteAsync(order.Token(CloneStep.OpenIngress, 3), order, default);
        return order;
    }

    private async Task<string?> ExpiresAsync(CloneOrder order) =>
        (await cluster.Admin.CoreV1.ReadNamespacedConfigMapAsync(order.Job.Value, _stage.Namespace)).Metadata.Annotations[CloneLabels.Expires];
}
