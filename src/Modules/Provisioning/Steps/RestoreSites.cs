using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.Restore;

namespace CloneHub.Provisioning.Steps;

/// <summary>The two sites of a restore. Each has a connector of the job, which later steps find again by the job's key.</summary>
internal sealed class RestoreSites(SourceConnector connector, SourceOptions options, TimeProvider clock)
{
    public async Task<SourceChannel> OpenCloneAsync(StepToken token, CloneOrder order, JobSecrets secrets, CancellationToken cancellation) =>
        await connector.FindAsync(order, secrets, everywhere: true, cancellation) ?? await connector.ConnectAsync(order, secrets, AttemptOf(token), cancellation);

    public Task<TargetChannel> OpenTargetAsync(StepToken token, CloneOrder order, JobSecrets secrets, CancellationToken cancellation) => NamedAsync(async () =>
        await FindAsync(token, order, secrets, cancellation) ?? Channel(
            await connector.ConnectAsync(AtTarget(order), AtTarget(secrets), AttemptOf(token), cancellation, UseOf(token, order, secrets)), token));

    /// <summary>Without a log-in. Null if no connector of the job answers there.</summary>
    public Task<TargetChannel?> FindTargetAsync(StepToken token, CloneOrder order, JobSecrets secrets, CancellationToken cancellation) =>
        NamedAsync(() => FindAsync(token, order, secrets, cancellation));

    /// <summary>The connector at the site leaves, with all that the restore laid aside.</summary>
    /// <returns>What the site could not remove.</returns>
    public Task<IReadOnlyList<string>> LeaveTargetAsync(TargetChannel target, CancellationToken cancellation) => connector.LeaveAsync(target.Site, cancellation);

    /// <summary>The clone may be gone, or have got a new owner's work on it: nothing depends on what becomes of the connector there.</summary>
    public Task LeaveCloneAsync(CloneOrder order, JobSecrets secrets, CancellationToken cancellation) => connector.LeaveAsync(order, secrets, cancellation);

    /// <summary>For a visitor's look at the site.</summary>
    public SourceHttp Visitor() => new(options, clock);

    public static RestoreRules RulesOf(CloneOrder order)
    {
        var restore = order.Restore!;
        return new RestoreRules(restore.PreservePlugins, restore.PreserveThemes, restore.OnDrift == OnDrift.KeepTables ? restore.KeepTables : null, restore.OnDrift == OnDrift.Overwrite);
    }

    private async Task<TargetChannel?> FindAsync(StepToken token, CloneOrder order, JobSecrets secrets, CancellationToken cancellation) =>
        await connector.FindAsync(AtTarget(order), secrets, everywhere: true, cancellation, UseOf(token, order, secrets)) is { } site ? Channel(site, token) : null;

    private TargetChannel Channel(SourceChannel site, StepToken token) => new(site, clock, token.Fence);

    /// <summary>Whoever reads of a fault has two sites before him.</summary>
    private static async Task<T> NamedAsync<T>(Func<Task<T>> reach)
    {
        try
        {
            return await reach();
        }
        catch (StepFaultException trouble)
        {
            throw SourceFaults.AtTarget(trouble);
        }
    }

    /// <summary>No start of any step meets what another has left half unpacked.</summary>
    private static int AttemptOf(StepToken token) => (int)Math.Min(int.MaxValue - 1, token.Fence);

    private static ConnectorUse UseOf(StepToken token, CloneOrder order, JobSecrets secrets) => ConnectorUse.ToRestore(order.Job, secrets.ConnectorKey, token.Fence);

    private static CloneOrder AtTarget(CloneOrder order) => order with { SourceUrl = order.Restore!.TargetUrl, ByHand = false };

    private static JobSecrets AtTarget(JobSecrets secrets) => secrets with { SourceUsername = secrets.TargetUsername ?? "", SourcePassword = secrets.TargetPassword ?? new Secret("") };
}
