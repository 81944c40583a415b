using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress;

namespace CloneHub.Provisioning.Steps;

/// <summary>The connectors leave, with all that the restore laid aside: there is no way back afterwards.</summary>
internal sealed class EndRestore(IJobVault vault, RestoreSites sites, TimeProvider clock) : ICloneStep
{
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(10);

    public CloneStep Kind => CloneStep.EndRestore;

    public async Task<StepFacts> RunAsync(StepToken token, CloneOrder order, IProgress<ContentProgress> progress, CancellationToken cancellation)
    {
        // Without the key nobody can ask the connectors to leave; they do by themselves when their time is over.
        if (await vault.OpenAsync(order.Job, cancellation) is not { } secrets) return StepFacts.None;
        var rest = await LeaveTargetAsync(token, order, secrets, cancellation);
        using var patience = new CancellationTokenSource(Farewell, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        await sites.LeaveCloneAsync(order, secrets, either.Token);
        return new StepFacts { Warnings = [.. rest.Select(left => $"The site could not remove {left}; delete it there.")] };
    }

    private async Task<IReadOnlyList<string>> LeaveTargetAsync(StepToken token, CloneOrder order, JobSecrets secrets, CancellationToken cancellation)
    {
        try
        {
            await using var target = await sites.FindTargetAsync(token, order, secrets, cancellation);
            return target is null ? [] : await sites.LeaveTargetAsync(target, cancellation);
        }
        catch (StepFaultException left) when (left.Fault.Code == SourceFaults.ExpiredCode)
        {
            // Its time was over, and it has removed itself on being asked.
            return [];
        }
    }
}
