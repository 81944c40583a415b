using CloneHub.Contracts;

namespace CloneHub.Provisioning.Steps;

/// <summary>Makes the clone's database and its user.</summary>
internal sealed class CreateDatabase(ICloneBackend backend, IJobVault vault) : ICloneStep
{
    public CloneStep Kind => CloneStep.CreateDatabase;

    public async Task<StepFacts> RunAsync(
        StepToken token, CloneOrder order, IProgress<ContentProgress> progress, CancellationToken cancellation)
    {
        await backend.EnsureDatabaseAsync(token, order, await vault.RequireAsync(order.Job, cancellation), cancellation);
        return StepFacts.None;
    }
}
