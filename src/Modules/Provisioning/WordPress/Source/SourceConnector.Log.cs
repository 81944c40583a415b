using CloneHub.Contracts;
using Microsoft.Extensions.Logging;

namespace CloneHub.Provisioning.WordPress;

internal sealed partial class SourceConnector
{
    [LoggerMessage(2301, LogLevel.Information, "{JobId}: connector installed on the source in {Milliseconds:0} ms")]
    private partial void LogConnected(JobId jobId, double milliseconds);

    [LoggerMessage(2308, LogLevel.Information, "{JobId}: the connector that a person installed answers")]
    private partial void LogFound(JobId jobId);

    [LoggerMessage(2302, LogLevel.Information, "{JobId}: connector removed from the source")]
    private partial void LogLeft(JobId jobId);

    [LoggerMessage(2303, LogLevel.Warning, "{JobId}: the connector could not be removed from the source; it removes itself when its time is up")]
    private partial void LogNotLeft(Exception trouble, JobId jobId);

    [LoggerMessage(2306, LogLevel.Warning, "{JobId}: the source does not confirm that the administrator {User} is gone")]
    private partial void LogUserStays(Exception? trouble, JobId jobId, string user);

    [LoggerMessage(2305, LogLevel.Warning, "{JobId}: the source could not remove {Rest}")]
    private partial void LogRest(JobId jobId, string rest);
}
