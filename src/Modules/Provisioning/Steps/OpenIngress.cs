using CloneHub.Contracts;

namespace CloneHub.Provisioning.Steps;

/// <summary>Opens the public route.</summary>
internal sealed class OpenIngress(ICloneBackend backend) : ICloneStep
{
    public CloneStep Kind => CloneStep.OpenIngress;

    public async Task<StepFacts> RunAsync(
        StepToken token, CloneOrder order, IProgress<ContentProgress> progress, CancellationToken cancellation) =>
        new() { CloneUrl = await backend.OpenRouteAsync(token, order, cancellation) };
}
