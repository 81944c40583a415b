using System.Collections.Concurrent;
using System.Net;
using CloneHub.Contracts;
using CloneHub.Kube.Tests.Cluster;
using CloneHub.Provisioning;
using CloneHub.Provisioning.Kubernetes;
using CloneHub.Provisioning.Tests;
using CloneHub.Testing;
using k8s;
using k8s.Models;
using Microsoft.AspNetCore.Http;

namespace CloneHub.Kube.Tests;

/// <summary>A real API server whose answers are spoiled on the way: it is busy, contradicts, forgets, or is heard of no more.</summary>
[Collection(KubeCluster.Collection)]
[Trait("Needs", "kube")]
public sealed class ApiServerFaultTests(KubeCluster cluster) : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private SpoilingProxy _way = null!;
    private KubeStage _stage = null!;

    public async Task InitializeAsync()
    {
        if (KubeCluster.WhyNot is not null) return;
        _way = await SpoilingProxy.StartAsync(cluster.KubeConfig);
        _stage = await KubeStage.OpenAsync(cluster, way: _way);
    }

    public async Task DisposeAsync()
    {
        _way.Spoil = _ => null;
        await _stage.DisposeAsync();
        await _way.DisposeAsync();
    }

    [KubeFact]
    public async Task A_busy_server_is_left_alone_for_as_long_as_it_says_by_all_calls()
    {
        var asked = new ConcurrentQueue<long>();
        var refusals = 0;
        _way.Spoil = request =>
        {
            if (SpoilingProxy.IsWatch(request)) return null;
            asked.Enqueue(TimeProvider.System.GetTimestamp());
            return Interlocked.Increment(ref refusals) == 3 ? new Spoiled(StatusCodes.Status429TooManyRequests, RetryAfter: 3) : null;
        };
        var order = await ServeAsync();
        var others = Enumerable.Range(0, 3).Select(_ => _stage.NewOrder()).ToList();
        refusals = 2;
        asked.Clear();
        await Task.WhenAll(others.Select(other => _stage.Backend.EnsureDatabaseAsync(other.Token(CloneStep.CreateDatabase, 1), other, _stage.Secrets, default)));

        Assert.NotNull(await _stage.VisitAsync(order));
        var gaps = asked.Zip(asked.Skip(1), TimeProvider.System.GetElapsedTime).ToList();
        Assert.InRange(gaps.Max().TotalSeconds, 2.9, 20);

        // Those that were under way when it said so may arrive just after; nothing else does.
        Assert.InRange(gaps.IndexOf(gaps.Max()), 0, others.Count);
        Assert.InRange(asked.Count, others.Count + 1, (others.Count * 2) + 1);
    }

    [KubeFact]
    public async Task A_server_that_stays_busy_makes_the_step_wait_and_not_fail()
    {
        _way.Spoil = request => SpoilingProxy.IsWatch(request) ? null : new Spoiled(StatusCodes.Status429TooManyRequests, RetryAfter: 1);
        var order = _stage.NewOrder();
        var fault = await FaultOfAsync(() => _stage.Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, 1), order, _stage.Secrets, default));
        Assert.Equal(StepFault.BackendUnavailable, fault.Code);

        _way.Spoil = _ => null;
        await StartAsync(order, 2);
        Assert.NotNull(await _stage.AskAsync(order));
    }

    [KubeFact]
    public async Task A_clone_is_built_and_removed_in_a_storm_of_conflicts()
    {
        var patches = 0;
        _way.Spoil = request => request.Method == "PATCH" && Interlocked.Increment(ref patches) % 3 != 0 ? new Spoiled(StatusCodes.Status409Conflict) : null;
        var order = _stage.NewOrder();
        await RepeatAsync(fence => _stage.Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, fence), order, _stage.Secrets, default), 1);
        await RepeatAsync(fence => _stage.Backend.EnsurePodAsync(order.Token(CloneStep.StartPod, fence), order, _stage.Secrets, null, default), 100);
        var last = await RepeatAsync(fence => _stage.Backend.OpenRouteAsync(order.Token(CloneStep.OpenIngress, fence), order, default), 200);
        Assert.NotNull(await _stage.VisitAsync(order));
        Assert.Equal(last, (await _stage.Get<ClusterApi>().ReadAnchorAsync(order.Job, default))!.Fence);

        await RepeatAsync(fence => _stage.Backend.RemoveAsync(order.Token(CloneStep.Remove, fence), default), 300);
        Assert.True(_stage.View.StateOf(order.Job).IsNothing);
        Assert.True(patches > 6, $"There were only {patches} changes.");
    }

    [KubeFact]
    public async Task An_anchor_that_changes_without_end_makes_the_step_wait()
    {
        var order = _stage.NewOrder();
        await _stage.Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, 1), order, _stage.Secrets, default);
        var patches = 0;
        _way.Spoil = request => request.Method == "PATCH" && Interlocked.Increment(ref patches) > 0 ? new Spoiled(StatusCodes.Status409Conflict) : null;

        var fault = await FaultOfAsync(() => _stage.Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, 2), order, _stage.Secrets, default));
        Assert.Equal((StepFault.BackendUnavailable, 10), (fault.Code, patches));
    }

    [KubeFact]
    public async Task What_happened_while_nothing_was_heard_is_put_right_afterwards()
    {
        var order = await ServeAsync();
        var gone = await ServeAsync();
        await _stage.Get<CloneHealer>().StartAsync(default);
        _way.Spoil = request => SpoilingProxy.IsWatch(request) ? new Spoiled(Status: null) : null;
        _way.CutWatches();
        await cluster.Admin.AppsV1.DeleteNamespacedDeploymentAsync(order.Job.Value, _stage.Namespace);
        await cluster.DeleteServiceAsync(_stage.Namespace, order.Job.Value);
        await cluster.DeleteAnchorAsync(_stage.Namespace, gone.Job.Value);
        await Eventually.Until("the cluster has removed the other clone", async () => await _stage.VisitAsync(gone) is null, Patience);
        Assert.NotNull(_stage.View.StateOf(order.Job).Deployment);

        // The server has forgotten what came after the last thing that was heard.
        var forgotten = new ConcurrentDictionary<string, bool>();
        _way.Spoil = request => SpoilingProxy.IsWatch(request) && forgotten.TryAdd(request.Path, true) ? new Spoiled((int)HttpStatusCode.Gone) : null;
        await Eventually.Until("the public reaches the clone again", async () => await _stage.VisitAsync(order) is not null, Patience);
        await Eventually.Until("nothing is known of the other", () => _stage.View.StateOf(gone.Job).IsNothing, Patience);
        Assert.Equal(5, forgotten.Count);
        await _stage.Get<CloneHealer>().StopAsync(default);
    }

    [KubeFact]
    public async Task A_namespace_that_is_being_deleted_makes_new_clones_wait_and_lets_old_ones_go()
    {
        var (order, next) = (await ServeAsync(), _stage.NewOrder());
        await cluster.Admin.CoreV1.CreateNamespacedConfigMapAsync(Held(["clonehub.io/test"]), _stage.Namespace);
        await cluster.DeleteNamespaceAsync(_stage.Namespace);

        var fault = await FaultOfAsync(() => _stage.Backend.EnsureDatabaseAsync(next.Token(CloneStep.CreateDatabase, 1), next, _stage.Secrets, default));
        Assert.Equal((StepFault.BackendUnavailable, "The namespace of the clones is being deleted, or does not exist."), (fault.Code, fault.Message));
        foreach (var going in (CloneOrder[])[order, next]) await _stage.Backend.RemoveAsync(going.Token(CloneStep.Remove, 9), default);
        Assert.DoesNotContain(await _stage.Backend.ListAsync(default), clone => clone.Job == order.Job || clone.Job == next.Job);
        await cluster.Admin.CoreV1.ReplaceNamespacedConfigMapAsync(Held([]), "held", _stage.Namespace);
    }

    private static V1ConfigMap Held(string[] finalizers) => new() { Metadata = new V1ObjectMeta { Name = "held", Finalizers = finalizers } };

    private async Task<CloneOrder> ServeAsync()
    {
        var order = _stage.NewOrder();
        await StartAsync(order, 1);
        await _stage.Backend.OpenRouteAsync(order.Token(CloneStep.OpenIngress, 3), order, default);
        return order;
    }

    private async Task StartAsync(CloneOrder order, long fence)
    {
        await _stage.Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, fence), order, _stage.Secrets, default);
        await _stage.Backend.EnsurePodAsync(order.Token(CloneStep.StartPod, fence + 1), order, _stage.Secrets, null, default);
    }

    /// <summary>As a job does it: every attempt that failed through no fault of its own is followed by another.</summary>
    /// <returns>The fence of the attempt that did it.</returns>
    private static async Task<long> RepeatAsync(Func<long, Task> step, long fence)
    {
        for (var last = fence + 11; ; fence++)
        {
            try
            {
                await step(fence);
                return fence;
            }
            catch (Exception again) when (fence < last && StepFaults.Of(again).Code == StepFault.BackendUnavailable)
            {
                // A job would have twelve of them.
            }
        }
    }

    private static async Task<StepFault> FaultOfAsync(Func<Task> step) => StepFaults.Of((await Record.ExceptionAsync(step))!);
}
