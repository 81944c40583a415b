using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress;

namespace CloneHub.Provisioning.Steps;

/// <summary>Removes the clone, and then the connector from the source where a broken import left it.</summary>
internal sealed class Remove(ICloneBackend backend, IJobVault vault, SourceConnector source, TimeProvider clock) : ICloneStep
{
    // The job's end waits for the source no longer than this; what is left there expires by itself.
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(10);

    // With a log-in and an upload.
    private static readonly TimeSpan LongFarewell = TimeSpan.FromSeconds(30);

    public CloneStep Kind => CloneStep.Remove;

    public async Task<StepFacts> RunAsync(
        StepToken token, CloneOrder order, IProgress<ContentProgress> progress, CancellationToken cancellation)
    {
        var secrets = await vault.OpenAsync(order.Job, cancellation);

        // The clone goes first: its time is up, whether the source answers or not.
        await backend.RemoveAsync(token, cancellation);
        if (order.Fidelity is CloneFidelity.Full && secrets is not null) await LeaveAsync(order, secrets, cancellation);
        return StepFacts.None;
    }

    private async Task LeaveAsync(CloneOrder order, JobSecrets secrets, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(order.UploadWasCut ? LongFarewell : Farewell, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        await source.LeaveAsync(order, secrets, either.Token);
    }
}
