using System.Collections.Concurrent;
using System.Globalization;
using CloneHub.Contracts;
using CloneHub.Kube.Tests.Cluster;
using CloneHub.Provisioning;
using CloneHub.Provisioning.Kubernetes;
using CloneHub.Provisioning.Tests;
using CloneHub.Testing;
using k8s;
using k8s.Models;

namespace CloneHub.Kube.Tests;

/// <summary>What a job's status says while its pod does not start, on a real scheduler and a real kubelet.</summary>
[Collection(KubeCluster.Collection)]
[Trait("Needs", "kube")]
public sealed class PodStartTests(KubeCluster cluster)
{
    private static readonly TimeSpan Promised = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StartPatience = Promised + TimeSpan.FromSeconds(7);

    [KubeFact]
    public async Task An_image_that_cannot_be_had_is_told_within_five_seconds_and_fails_the_step_in_the_end()
    {
        await using var stage = await KubeStage.OpenAsync(cluster, With("Image", "localhost/clonehub/nothing:1"));

        Assert.Equal("POD_IMAGE_UNAVAILABLE", await FailsAsync(stage, "The image of clones cannot be had"));
    }

    [KubeFact]
    public async Task A_pod_for_which_there_is_no_room_is_told()
    {
        await using var stage = await KubeStage.OpenAsync(cluster, With());
        await cluster.Admin.CoreV1.CreateNamespacedLimitRangeAsync(
            new V1LimitRange
            {
                Metadata = new V1ObjectMeta { Name = "huge" },
                Spec = new V1LimitRangeSpec { Limits = [new V1LimitRangeItem { Type = "Container", DefaultRequest = Much("ephemeral-storage"), DefaultProperty = Much("ephemeral-storage") }] },
            },
            stage.Namespace);

        Assert.Equal("POD_UNSCHEDULABLE", await FailsAsync(stage, "no room"));
    }

    [KubeFact]
    public async Task A_quota_that_is_used_up_is_told()
    {
        await using var stage = await KubeStage.OpenAsync(cluster, With());
        await cluster.Admin.CoreV1.CreateNamespacedResourceQuotaAsync(
            new V1ResourceQuota { Metadata = new V1ObjectMeta { Name = "none" }, Spec = new V1ResourceQuotaSpec { Hard = new Dictionary<string, ResourceQuantity> { ["pods"] = new("0") } } },
            stage.Namespace);

        Assert.Equal("QUOTA_EXCEEDED", await FailsAsync(stage, "quota"));
    }

    [NodeFact]
    public async Task A_container_that_ends_at_once_is_told_with_its_exit_code()
    {
        await using var stage = await KubeStage.OpenAsync(cluster, With("Image", StubImage.CrashingName));

        Assert.Equal("POD_CRASHING", await FailsAsync(stage, "exit code 3"));
    }

    /// <summary>The real image writes a WordPress at its start, more than this pod may write.</summary>
    [NodeFact]
    public async Task A_pod_that_its_node_evicts_is_told()
    {
        await using var stage = await KubeStage.OpenAsync(cluster, With("Image", await cluster.CloneImageAsync()));
        await cluster.Admin.CoreV1.CreateNamespacedLimitRangeAsync(
            new V1LimitRange
            {
                Metadata = new V1ObjectMeta { Name = "tiny" },
                Spec = new V1LimitRangeSpec { Limits = [new V1LimitRangeItem { Type = "Container", DefaultProperty = new Dictionary<string, ResourceQuantity> { ["ephemeral-storage"] = new("1Mi") } }] },
            },
            stage.Namespace);
        var order = stage.NewOrder();
        await stage.Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, 1), order, stage.Secrets, default);
        await stage.Backend.EnsurePodAsync(order.Token(CloneStep.StartPod, 2), order, stage.Secrets, null, default);
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2), TimeProvider.System);

        var told = await stage.View.WaitAsync(order.Job, clone => PodTrouble.Of(clone) is { Code: "POD_EVICTED" } fault ? fault : null, patience.Token);
        Assert.StartsWith("The clone's pod was moved away from its node: ", told.Message, StringComparison.Ordinal);
    }

    [KubeFact]
    public async Task A_pod_that_gets_room_starts_by_itself()
    {
        await using var stage = await KubeStage.OpenAsync(cluster, With("StartPatience", "00:01:00"));
        await cluster.Admin.CoreV1.CreateNamespacedResourceQuotaAsync(
            new V1ResourceQuota { Metadata = new V1ObjectMeta { Name = "none" }, Spec = new V1ResourceQuotaSpec { Hard = new Dictionary<string, ResourceQuantity> { ["pods"] = new("0") } } },
            stage.Namespace);
        var order = stage.NewOrder();
        var told = new Heard();
        await stage.Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, 1), order, stage.Secrets, default);
        var start = stage.Backend.EnsurePodAsync(order.Token(CloneStep.StartPod, 2), order, stage.Secrets, told, default);
        await told.UntilAsync("quota", TimeSpan.FromSeconds(10));
        await cluster.Admin.CoreV1.DeleteNamespacedResourceQuotaAsync("none", stage.Namespace);

        await start;
        Assert.NotNull(await stage.AskAsync(order));
    }

    private static Dictionary<string, ResourceQuantity> Much(string resource) => new() { [resource] = new("9000Gi") };

    private static Dictionary<string, string?> With(string? setting = null, string? value = null)
    {
        var changes = new Dictionary<string, string?> { ["CloneHub:Kubernetes:StartPatience"] = StartPatience.ToString("c", CultureInfo.InvariantCulture) };
        if (setting is not null) changes[$"CloneHub:Kubernetes:{setting}"] = value;
        return changes;
    }

    /// <returns>The code that the step fails with.</returns>
    private static async Task<string> FailsAsync(KubeStage stage, string words)
    {
        var order = stage.NewOrder();
        var told = new Heard();
        await stage.Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, 1), order, stage.Secrets, default);
        var start = stage.Backend.EnsurePodAsync(order.Token(CloneStep.StartPod, 2), order, stage.Secrets, told, default);
        await told.UntilAsync(words, Promised);
        return (await Assert.ThrowsAsync<StepFaultException>(() => start)).Fault.Code;
    }

    private sealed class Heard : IProgress<ContentProgress>
    {
        private readonly ConcurrentQueue<string> _messages = new();

        public void Report(ContentProgress value) => _messages.Enqueue(value.Message);

        public Task UntilAsync(string words, TimeSpan patience) =>
            Eventually.Until($"the status says '{words}'", () => _messages.Any(message => message.Contains(words, StringComparison.Ordinal)), patience);
    }
}
