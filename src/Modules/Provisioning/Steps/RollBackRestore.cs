using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.Restore;

namespace CloneHub.Provisioning.Steps;

/// <summary>The site gets its old content again. The job's key is enough.</summary>
internal sealed class RollBackRestore(IJobVault vault, RestoreSites sites) : ICloneStep
{
    public CloneStep Kind => CloneStep.RollBackRestore;

    public async Task<StepFacts> RunAsync(StepToken token, CloneOrder order, IProgress<ContentProgress> progress, CancellationToken cancellation)
    {
        var secrets = await vault.RequireAsync(order.Job, cancellation);
        progress.Report(new ContentProgress(0, "Bringing the old content back"));
        try
        {
            await using var target = await sites.FindTargetAsync(token, order, secrets, cancellation) ?? throw RestoreFaults.Away();
            using var visitor = sites.Visitor();
            await new SiteTurn(target, RestoreSites.RulesOf(order), visitor).RollBackAsync(cancellation);
            return StepFacts.None;
        }
        catch (StepFaultException left) when (left.Fault.Code == SourceFaults.ExpiredCode)
        {
            throw RestoreFaults.UndoOver("its time was over.");
        }
    }
}
