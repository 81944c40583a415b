using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress;
using Microsoft.Extensions.Logging;

namespace CloneHub.Provisioning.Steps;

/// <summary>Looks whether somebody has installed the connector at the source, until somebody has.</summary>
internal sealed partial class AwaitConnector(IJobVault vault, SourceConnector source, TimeProvider clock, ILogger<AwaitConnector> logger) : ICloneStep
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(10);

    public CloneStep Kind => CloneStep.AwaitConnector;

    public async Task<StepFacts> RunAsync(
        StepToken token, CloneOrder order, IProgress<ContentProgress> progress, CancellationToken cancellation)
    {
        var secrets = await vault.RequireAsync(order.Job, cancellation);
        while (!await IsThereAsync(order, secrets, cancellation)) await Task.Delay(BetweenLooks, clock, cancellation);
        return StepFacts.None;
    }

    private async Task<bool> IsThereAsync(CloneOrder order, JobSecrets secrets, CancellationToken cancellation)
    {
        try
        {
            await using var channel = await source.FindAsync(order, secrets, cancellation);
            return channel is not null;
        }
        catch (StepFaultException trouble) when (trouble.Fault.Retryable)
        {
            // Whoever installs plugins may well restart the site on the way.
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
