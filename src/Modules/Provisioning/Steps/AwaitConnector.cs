using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress;
using Microsoft.Extensions.Logging;

namespace CloneHub.Provisioning.Steps;

/// <summary>Looks whether somebody has installed the connector at the source, until somebody has.</summary>
internal sealed partial class AwaitConnector(IJobVault vault, SourceConnector source, TimeProvider clock, ILogger<AwaitConnector> logger) : ICloneStep
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(10);

    /// <summary>Whoever needs longer than ten minutes does not mind half a minute, and a site that guards its log-in might.</summary>
    private static readonly TimeSpan BetweenLateLooks = TimeSpan.FromSeconds(30);
    private const int EarlyLooks = 60;

    /// <summary>The usual address is asked at every look, all others at every sixth.</summary>
    private const int LooksForOneEverywhere = 6;

    public CloneStep Kind => CloneStep.AwaitConnector;

    public async Task<StepFacts> RunAsync(
        StepToken token, CloneOrder order, IProgress<ContentProgress> progress, CancellationToken cancellation)
    {
        var secrets = await vault.RequireAsync(order.Job, cancellation);
        for (var looks = 0; !await IsThereAsync(order, secrets, looks % LooksForOneEverywhere == 0, progress, cancellation); looks++)
            await Task.Delay(looks < EarlyLooks ? BetweenLooks : BetweenLateLooks, clock, cancellation);
        return StepFacts.None;
    }

    private async Task<bool> IsThereAsync(CloneOrder order, JobSecrets secrets, bool everywhere, IProgress<ContentProgress> progress, CancellationToken cancellation)
    {
        try
        {
            await using var channel = await source.FindAsync(order, secrets, everywhere, cancellation);
            return channel is not null;
        }
        catch (StepFaultException trouble) when (trouble.Fault.Retryable)
        {
            // Whoever installs plugins may well restart the site on the way; or it is there and cannot work yet, which its owner has to know.
            progress.Report(new ContentProgress(0, trouble.Fault.Message));
            Log.NotNow(logger, trouble, order.Job);
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2014, LogLevel.Debug, "{JobId}: the source does not answer while its connector is waited for")]
        public static partial void NotNow(ILogger logger, Exception trouble, JobId jobId);
    }
}
