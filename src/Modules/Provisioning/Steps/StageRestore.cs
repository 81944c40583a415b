using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress.Restore;

namespace CloneHub.Provisioning.Steps;

/// <summary>Brings what changes and lays it beside what is there. It plans again: that is cheap beside the way of the content.</summary>
internal sealed class StageRestore(IJobVault vault, RestoreSites sites) : ICloneStep
{
    public CloneStep Kind => CloneStep.StageRestore;

    public async Task<StepFacts> RunAsync(StepToken token, CloneOrder order, IProgress<ContentProgress> progress, CancellationToken cancellation)
    {
        var secrets = await vault.RequireAsync(order.Job, cancellation);
        await using var clone = await sites.OpenCloneAsync(token, order, secrets, cancellation);
        await using var target = await sites.OpenTargetAsync(token, order, secrets, cancellation);
        var restorer = new SiteRestorer(clone, target, RestoreSites.RulesOf(order), progress);
        var plan = await restorer.PlanAsync(since: null, cancellation);
        if (plan.Facts.Obstacles is { Count: > 0 } obstacles) throw RestoreFaults.Unsupported(string.Join("; ", obstacles));
        var staged = await restorer.StageAsync(cancellation);
        return new StepFacts { Staged = new StagedFacts(staged.Tables, staged.Rows, staged.Files, staged.Bytes, staged.Marks), Warnings = staged.Warnings };
    }
}
