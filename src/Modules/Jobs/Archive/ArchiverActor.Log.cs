using CloneHub.Contracts;
using Microsoft.Extensions.Logging;

namespace CloneHub.Jobs.Archive;

internal sealed partial class ArchiverActor
{
    // Bodies of events are not logged; the job id leads to them.
    [LoggerMessage(1101, LogLevel.Warning, "The event log could not be written ({Jobs} jobs wait); trying again.")]
    private static partial void LogBatchFailed(ILogger logger, Exception error, int jobs);

    [LoggerMessage(1102, LogLevel.Error, "Job {JobId}: its events could not be written to the event log; the other jobs go on.")]
    private static partial void LogStreamFailed(ILogger logger, Exception error, JobId jobId);

    [LoggerMessage(1103, LogLevel.Warning, "Job {JobId}: the event log holds {Version} events, the journal only {Last}; the journal is completed from it.")]
    private static partial void LogAhead(ILogger logger, JobId jobId, long version, long last);

    [LoggerMessage(1105, LogLevel.Warning, "Job {JobId}: the event log holds {Version} events and was sent the {First}th next; the job sends all again.")]
    private static partial void LogGap(ILogger logger, JobId jobId, long version, long first);

    [LoggerMessage(1104, LogLevel.Critical, "Job {JobId}: journal and event log tell two histories (event log at {Version}); the job is parked. Was Redis restored from a backup?")]
    private static partial void LogForked(ILogger logger, JobId jobId, long version);
}
