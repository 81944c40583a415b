using CloneHub.Contracts;
using CloneHub.Provisioning.Kubernetes.Manifests;
using CloneHub.Provisioning.Kubernetes.Watching;
using k8s.Models;
using Microsoft.Extensions.Options;

namespace CloneHub.Provisioning.Kubernetes;

/// <summary>Brings a clone's pod to where it serves, and tells what it waits for.</summary>
internal sealed class PodStart(CloneObjects objects, ClusterView view, IOptions<KubernetesOptions> options, TimeProvider clock)
{
    /// <param name="isFirst">The objects may not be there yet; else they are only looked at.</param>
    public async Task<V1Pod> RunAsync(Anchor anchor, Secret databasePassword, bool isFirst, IProgress<ContentProgress>? progress, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(options.Value.StartPatience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        var told = "";
        try
        {
            // A kind of object that cannot be listed would otherwise be waited for as long as the step may take.
            await view.Synced.WaitAsync(either.Token);

            // Before the pod that mounts it: a kubelet that misses it looks again only after some time.
            if (isFirst || view.StateOf(anchor.Job) is { Deployment: null } or { ReadyPod: null }) await objects.ApplySecretAsync(anchor, databasePassword, cancellation);
            await objects.EnsureAsync(anchor, cancellation);
            return await view.WaitAsync(anchor.Job, Look, either.Token);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new StepFaultException(PodTrouble.Of(view.StateOf(anchor.Job)) ?? NotReady());
        }

        V1Pod? Look(CloneState state)
        {
            if (state.ReadyPod is { } ready) return ready;
            var message = PodTrouble.Of(state)?.Message ?? "Starting the clone's pod…";
            if (message != told) progress?.Report(new ContentProgress(0, told = message));
            return null;
        }
    }

    private StepFault NotReady() => new(
        "POD_NOT_READY", $"The clone's pod was not ready after {options.Value.StartPatience.TotalSeconds:0} seconds.", "It is tried again; a node that is short of power or a slow registry may be why.",
        Retryable: true);
}
