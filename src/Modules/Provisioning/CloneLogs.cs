using CloneHub.Contracts;
using Microsoft.Extensions.Logging;

namespace CloneHub.Provisioning;

/// <summary>Logs of clones, wherever they live, without their jobs' secrets.</summary>
internal sealed partial class CloneLogs(ICloneBackend backend, IJobVault vault, ILogger<CloneLogs> logger) : ICloneLogs
{
    private const int LongestLine = 2_000;

    public bool Keeps(CloneLogKind kind) => backend.Logs.Contains(kind);

    public async Task<CloneLog?> TailAsync(JobId job, CloneLogKind kind, int lines, CancellationToken cancellation)
    {
        // The secrets go with the clone: whoever cannot open them has nothing to look at.
        if (await vault.OpenAsync(job, cancellation) is not { } secrets) return null;
        var filter = new SecretFilter(secrets);
        try
        {
            return await backend.TailLogAsync(job, secrets, kind, lines, cancellation) is { } log ? log with { Lines = [.. log.Lines.Select(line => Told(line, filter))] } : null;
        }
        catch (Exception trouble) when (!cancellation.IsCancellationRequested)
        {
            // A pod that starts or goes, a node that is away: there is no log now, and why is for the operator.
            LogUnread(logger, trouble, job, kind);
            return null;
        }
    }

    /// <summary>Cut when the secrets are out: of one that lies across the cut a part would be left.</summary>
    private static string Told(string line, SecretFilter filter) => filter.Apply(line) is var text && text.Length > LongestLine ? text[..LongestLine] : text;

    [LoggerMessage(2050, LogLevel.Warning, "{JobId}: the clone's log {Kind} cannot be read")]
    private static partial void LogUnread(ILogger logger, Exception trouble, JobId jobId, CloneLogKind kind);
}
