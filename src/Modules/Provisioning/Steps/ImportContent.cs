using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.PublicSite;
using Microsoft.Extensions.Logging;

namespace CloneHub.Provisioning.Steps;

/// <summary>
/// Brings the source's tables and files into the clone, or what it publishes, and leaves nothing on the source; but for the connector where media come later,
/// which <see cref="FetchMedia"/> takes away.
/// </summary>
internal sealed partial class ImportContent(
    ICloneBackend backend, IJobVault vault, SourceConnector source, PublicSources published, TimeProvider clock, ILogger<ImportContent> logger) : ICloneStep
{
    // The source must be left clean also when the attempt was cancelled, but nobody waits for a source that does not answer.
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(30);

    public CloneStep Kind => CloneStep.ImportContent;

    public async Task<StepFacts> RunAsync(
        StepToken token, CloneOrder order, IProgress<ContentProgress> progress, CancellationToken cancellation)
    {
        var secrets = await vault.RequireAsync(order.Job, cancellation);

        // An attempt that was overtaken must not disturb the one that works on the same source.
        await backend.EnsurePodAsync(token, order, secrets, progress, cancellation);
        if (order.Fidelity is CloneFidelity.Public) return await ImportPublicAsync(token, order, secrets, progress, cancellation);
        await using var channel = await source.ConnectAsync(order, secrets, token.Attempt, cancellation, order.Media is CloneMedia.OnDemand ? ConnectorUse.ToReadLater : null);
        var warnings = new List<string>();
        var (isDone, stays) = (false, false);
        try
        {
            var report = await backend.ImportContentAsync(token, order, secrets, channel, progress, cancellation);
            warnings.AddRange(report.Warnings);
            (isDone, stays) = (true, report.Awaited is not null);
            return new StepFacts { Content = report.Facts, Proof = report.Proof, Awaited = report.Awaited, Warnings = warnings };
        }
        finally
        {
            if (!stays && (isDone || !channel.IsByHand)) warnings.AddRange(await LeaveAsync(channel, token, secrets));
        }
    }

    private async Task<StepFacts> ImportPublicAsync(
        StepToken token, CloneOrder order, JobSecrets secrets, IProgress<ContentProgress> progress, CancellationToken cancellation)
    {
        using var site = await published.ConnectAsync(order, cancellation);
        Log.Published(logger, order.Job, site.Posts, site.Pages);
        var report = await backend.ImportPublicAsync(token, order, secrets, site, progress, cancellation);
        return new StepFacts { Content = report.Facts, Warnings = report.Warnings };
    }

    /// <returns>Warnings about what stays on the source.</returns>
    private async Task<IEnumerable<string>> LeaveAsync(SourceChannel channel, StepToken token, JobSecrets secrets)
    {
        using var patience = new CancellationTokenSource(Farewell, clock);
        using var part = ProvisioningTelemetry.StartPart("farewell");
        try
        {
            return (await source.LeaveAsync(channel, patience.Token)).Select(rest => $"The source could not remove {rest}; delete it there.");
        }
        catch (Exception fault)
        {
            // It must not hide how the import ended. The connector stops answering when its key expires.
            Log.NotLeft(logger, fault, token.Job);
            var user = ApplicationPassword.LooksLikeOne(secrets.SourcePassword) ? $", and with it the administrator {ConnectorBuild.NameOf(token.Job)}" : "";
            return [$"The connector {ConnectorBuild.FolderOf(token.Job, channel.IsByHand ? ConnectorBuild.ByHand : token.Attempt)} could not be removed from the source; it expires by itself{user}."];
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2013, LogLevel.Information, "{JobId}: the source publishes {Posts} posts and {Pages} pages")]
        public static partial void Published(ILogger logger, JobId jobId, int posts, int pages);

        [LoggerMessage(2011, LogLevel.Warning, "{JobId}: the connector could not be removed from the source")]
        public static partial void NotLeft(ILogger logger, Exception fault, JobId jobId);
    }
}
