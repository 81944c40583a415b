using CloneHub.Contracts;
using CloneHub.Provisioning.Database;

namespace CloneHub.Provisioning;

/// <summary>What exists in the back end, for the sweep.</summary>
internal sealed class CloneInventory(ICloneBackend backend, CloneFence fence) : ICloneInventory
{
    public Task<IReadOnlyList<ExistingClone>> ListAsync(CancellationToken cancellation) => backend.ListAsync(cancellation);

    /// <summary>Removes with the newest fence that was seen: no job stands behind it that could have given a newer one.</summary>
    public async Task RemoveOrphanAsync(JobId job, CancellationToken cancellation) =>
        await backend.RemoveAsync(new StepToken(job, CloneStep.Remove, Attempt: 1, await fence.NewestAsync(job, cancellation)), cancellation);
}
