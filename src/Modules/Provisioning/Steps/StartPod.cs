using CloneHub.Contracts;

namespace CloneHub.Provisioning.Steps;

/// <summary>Starts a PHP for the clone.</summary>
internal sealed class StartPod(ICloneBackend backend, IJobVault vault) : ICloneStep
{
    public CloneStep Kind => CloneStep.StartPod;

    public async Task<StepFacts> RunAsync(
        StepToken token, CloneOrder order, IProgress<ContentProgress> progress, CancellationToken cancellation)
    {
        await backend.EnsurePodAsync(token, order, await vault.RequireAsync(order.Job, cancellation), progress, cancellation);
        return StepFacts.None;
    }
}
