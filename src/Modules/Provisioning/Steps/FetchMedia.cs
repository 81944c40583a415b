using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress;

namespace CloneHub.Provisioning.Steps;

/// <summary>Brings what nobody has asked for yet into a clone that serves, or gives it up, and takes the connector off the source.</summary>
internal sealed class FetchMedia(ICloneBackend backend, IJobVault vault, SourceConnector source, TimeProvider clock) : ICloneStep
{
    /// <summary>Nobody waits for a source that does not answer; what is left there expires by itself.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(30);

    public CloneStep Kind => CloneStep.FetchMedia;

    public async Task<StepFacts> RunAsync(StepToken token, CloneOrder order, IProgress<ContentProgress> progress, CancellationToken cancellation)
    {
        using var part = ProvisioningTelemetry.StartPart("fetch media");
        var secrets = await vault.RequireAsync(order.Job, cancellation);
        MediaFacts facts;
        try
        {
            facts = await backend.FetchMediaAsync(token, order, progress, cancellation);
        }
        catch when (order.GivesMediaUp && !cancellation.IsCancellationRequested)
        {
            // Whatever keeps them from being counted: the connector is not needed any more.
            await LeaveAsync(order, secrets, cancellation);
            throw;
        }

        part?.SetTag("clonehub.files", facts.Compared.Files).SetTag("clonehub.bytes", facts.Compared.Bytes);
        if (!await LeaveAsync(order, secrets, cancellation)) facts = facts with { Notes = [.. facts.Notes, $"The connector {ConnectorBuild.NameOf(order.Job)} may still be on the source; it expires by itself."] };
        return new StepFacts { Media = facts };
    }

    private async Task<bool> LeaveAsync(CloneOrder order, JobSecrets secrets, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(Farewell, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        return await source.LeaveAsync(order, secrets, either.Token);
    }
}
