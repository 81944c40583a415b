using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress;

namespace CloneHub.Provisioning.Steps;

/// <summary>Removes the clone, and the connector from the source where a broken import left it.</summary>
internal sealed class Remove(ICloneBackend backend, IJobVault vault, SourceConnector source, TimeProvider clock) : ICloneStep
{
    // A source that hangs must not keep a clone alive.
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(20);

    public CloneStep Kind => CloneStep.Remove;

    public async Task<StepFacts> RunAsync(
        StepToken token, CloneOrder order, IProgress<ContentProgress> progress, CancellationToken cancellation)
    {
        if (order.Fidelity is CloneFidelity.Full && await vault.OpenAsync(order.Job, cancellation) is { } secrets)
        {
            using var patience = new CancellationTokenSource(Farewell, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
            await source.LeaveAsync(order, secrets, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await backend.RemoveAsync(token, cancellation);
        return StepFacts.None;
    }
}
