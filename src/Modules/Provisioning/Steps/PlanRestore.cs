using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress.Restore;

namespace CloneHub.Provisioning.Steps;

/// <summary>Looks at clone and site and tells what a restore would do, and what stands in its way.</summary>
internal sealed class PlanRestore(IJobVault vault, RestoreSites sites) : ICloneStep
{
    public CloneStep Kind => CloneStep.PlanRestore;

    public async Task<StepFacts> RunAsync(StepToken token, CloneOrder order, IProgress<ContentProgress> progress, CancellationToken cancellation)
    {
        var secrets = await vault.RequireAsync(order.Job, cancellation);
        progress.Report(new ContentProgress(0, "Connecting to the clone and the site"));
        await using var clone = await sites.OpenCloneAsync(token, order, secrets, cancellation);
        await using var target = await sites.OpenTargetAsync(token, order, secrets, cancellation);
        var restorer = new SiteRestorer(clone, target, RestoreSites.RulesOf(order), progress);
        var plan = await restorer.CountAsync(await restorer.PlanAsync(order.Restore!.Base, cancellation), cancellation);
        return new StepFacts { Plan = plan.Facts, Snapshot = plan.Snapshot, Warnings = plan.Facts.Warnings };
    }
}
