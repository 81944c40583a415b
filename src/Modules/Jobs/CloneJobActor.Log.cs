using CloneHub.Contracts;
using Microsoft.Extensions.Logging;

namespace CloneHub.Jobs;

internal sealed partial class CloneJobActor
{
    private void Observe(IJobEvent e)
    {
        JobsTelemetry.Count(e, _job);
        switch (e)
        {
            case StepStarted s:
                LogStepStarted(_engine.Logger, _id, s.Step, s.Attempt, s.Node);
                break;
            case StepFailed f:
                LogStepFailed(_engine.Logger, _id, f.Step, f.Attempt, f.Fault.Code, f.RetryAt);
                break;
            case JobFailed f:
                LogJobFailed(_engine.Logger, _id, f.Step, f.Fault.Code);
                break;
            case NoticeDelivered n:
                LogOwnerTold(_engine.Logger, _id, n.Notice, n.Attempt);
                break;
            case NoticeFailed n:
                LogOwnerNotTold(_engine.Logger, _id, n.Notice, n.Attempt, n.Reason, n.RetryAt);
                break;
            default:
                LogStage(_engine.Logger, _id, EventNames.Of(e));
                break;
        }
    }

    [LoggerMessage(1001, LogLevel.Information, "Job {JobId}: {Event}.")]
    private static partial void LogStage(ILogger logger, JobId jobId, string @event);

    [LoggerMessage(1002, LogLevel.Information, "Job {JobId}: step {Step} started, attempt {Attempt} on {Node}.")]
    private static partial void LogStepStarted(ILogger logger, JobId jobId, CloneStep step, int attempt, string node);

    [LoggerMessage(1003, LogLevel.Warning, "Job {JobId}: step {Step} failed in attempt {Attempt} with {Code}; next attempt at {RetryAt}.")]
    private static partial void LogStepFailed(ILogger logger, JobId jobId, CloneStep step, int attempt, string code, DateTimeOffset retryAt);

    [LoggerMessage(1004, LogLevel.Warning, "Job {JobId}: failed in step {Step} with {Code}.")]
    private static partial void LogJobFailed(ILogger logger, JobId jobId, CloneStep? step, string code);

    [LoggerMessage(1005, LogLevel.Error, "Job {JobId}: event {SequenceNr} could not be written; the job starts anew.")]
    private static partial void LogPersistFailed(ILogger logger, Exception error, JobId jobId, long sequenceNr);

    [LoggerMessage(1006, LogLevel.Error, "Job {JobId}: its events could not be read.")]
    private static partial void LogRecoveryFailed(ILogger logger, Exception error, JobId jobId);

    [LoggerMessage(1007, LogLevel.Error, "Job {JobId}: its history could not be read from the event log.")]
    private static partial void LogHistoryFailed(ILogger logger, Exception error, JobId jobId);

    [LoggerMessage(1008, LogLevel.Warning, "Job {JobId}: its journal could not be purged; it will be tried again.")]
    private static partial void LogPurgeFailed(ILogger logger, Exception error, JobId jobId);

    [LoggerMessage(1009, LogLevel.Error, "Job {JobId}: the journal was purged at event {SequenceNr}, and the event log does not have them all.")]
    private static partial void LogHistoryMissing(ILogger logger, JobId jobId, long sequenceNr);

    [LoggerMessage(1013, LogLevel.Warning, "Job {JobId}: the earlier clones of its label could not be asked to go; they will be in a moment.")]
    private static partial void LogEarlierStay(ILogger logger, Exception? error, JobId jobId);

    [LoggerMessage(1060, LogLevel.Information, "Job {JobId}: its owner was told of {Notice} in attempt {Attempt}.")]
    private static partial void LogOwnerTold(ILogger logger, JobId jobId, Notice notice, int attempt);

    [LoggerMessage(1061, LogLevel.Warning, "Job {JobId}: its owner could not be told of {Notice} in attempt {Attempt}: {Reason} Next attempt at {RetryAt}.")]
    private static partial void LogOwnerNotTold(ILogger logger, JobId jobId, Notice notice, int attempt, string reason, DateTimeOffset? retryAt);

    [LoggerMessage(1062, LogLevel.Warning, "Job {JobId}: the address to tell of {Notice} could not be read; it will be in a moment.")]
    private static partial void LogOwnerNotCalled(ILogger logger, Exception? error, JobId jobId, Notice notice);

    /// <summary>Without the error's message, which may hold the address.</summary>
    [LoggerMessage(1063, LogLevel.Error, "Job {JobId}: the call about {Notice} broke with {Error}: {Where}")]
    private static partial void LogOwnerCallBroken(ILogger logger, JobId jobId, Notice notice, string error, string? where);

    [LoggerMessage(1011, LogLevel.Warning, "Job {JobId}: {Count} events that the journal had lost are taken from the event log.")]
    private static partial void LogRestored(ILogger logger, JobId jobId, int count);
}
