using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.Restore;

namespace CloneHub.Provisioning.Steps;

/// <summary>The two sites of a restore. Each has a connector of the job, which later steps find again by the job's key.</summary>
internal sealed class RestoreSites(SourceConnector connector, SourceOptions options, TimeProvider clock)
{
    public async Task<SourceChannel> OpenCloneAsync(StepToken token, CloneOrder order, JobSecrets secrets, CancellationToken cancellation) =>
        await connector.FindAsync(order, secrets, everywhere: true, cancellation) ?? await connector.ConnectAsync(order, secrets, AttemptOf(token), cancellation);

    public async Task<TargetChannel> OpenTargetAsync(StepToken token, CloneOrder order, JobSecrets secrets, CancellationToken cancellation) =>
        await FindTargetAsync(token, order, secrets, cancellation) ?? new TargetChannel(
            await connector.ConnectAsync(AtTarget(order), AtTarget(secrets), AttemptOf(token), cancellation, ConnectorUse.ToRestore(order.Job, secrets.ConnectorKey)), clock, token.Fence);

    /// <summary>Without a log-in. Null if no connector of the job answers there.</summary>
    public async Task<TargetChannel?> FindTargetAsync(StepToken token, CloneOrder order, JobSecrets secrets, CancellationToken cancellation) =>
        await connector.FindAsync(AtTarget(order), secrets, everywhere: true, cancellation) is { } site ? new TargetChannel(site, clock, token.Fence) : null;

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

    /// <summary>No start of any step meets what another has left half unpacked.</summary>
    private static int AttemptOf(StepToken token) => (int)Math.Min(int.MaxValue - 1, token.Fence);

    private static CloneOrder AtTarget(CloneOrder order) => order with { SourceUrl = order.Restore!.TargetUrl, ByHand = false };

    private static JobSecrets AtTarget(JobSecrets secrets) => secrets with { SourceUsername = secrets.TargetUsername ?? "", SourcePassword = secrets.TargetPassword ?? new Secret("") };
}
