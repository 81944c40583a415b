using CloneHub.Contracts;
using Microsoft.Extensions.Logging;

namespace CloneHub.Provisioning.WordPress;

internal sealed partial class SourceConnector
{
    [LoggerMessage(2301, LogLevel.Information, "{Job}: connector installed on the source in {Milliseconds:0} ms")]
    private partial void LogConnected(JobId job, double milliseconds);

    [LoggerMessage(2302, LogLevel.Information, "{Job}: connector removed from the source")]
    private partial void LogLeft(JobId job);

    [LoggerMessage(2303, LogLevel.Warning, "{Job}: the connector could not be removed from the source; it removes itself when its time is up")]
    private partial void LogNotLeft(Exception trouble, JobId job);

    [LoggerMessage(2306, LogLevel.Warning, "{Job}: the source does not confirm that the administrator {User} is gone")]
    private partial void LogUserStays(Exception? trouble, JobId job, string user);

    [LoggerMessage(2305, LogLevel.Warning, "{Job}: the source could not remove {Rest}")]
    private partial void LogRest(JobId job, string rest);
}
