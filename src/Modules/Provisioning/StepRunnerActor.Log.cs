using CloneHub.Contracts;
using Microsoft.Extensions.Logging;

namespace CloneHub.Provisioning;

internal sealed partial class StepRunnerActor
{
    private static partial class Log
    {
        /// <summary>Names the job on every line of a step, whoever writes it.</summary>
        public static readonly Func<ILogger, JobId, IDisposable?> Of = LoggerMessage.DefineScope<JobId>("{JobId}");

        [LoggerMessage(2001, LogLevel.Information, "{JobId}: {Step} started, attempt {Attempt} (fence {Fence})")]
        public static partial void Started(ILogger logger, JobId jobId, CloneStep step, int attempt, long fence);

        [LoggerMessage(2002, LogLevel.Information, "{JobId}: {Step} done in {Elapsed}")]
        public static partial void Done(ILogger logger, JobId jobId, CloneStep step, TimeSpan elapsed);

        [LoggerMessage(2003, LogLevel.Warning, "{JobId}: {Step} failed after {Elapsed}: {Code}, retryable: {Retryable}")]
        public static partial void Failed(
            ILogger logger, Exception cause, JobId jobId, CloneStep step, TimeSpan elapsed, string code, bool retryable);

        [LoggerMessage(2004, LogLevel.Information, "{JobId}: {Step} with fence {Fence} stopped without a report: {Outcome}")]
        public static partial void Dropped(ILogger logger, JobId jobId, CloneStep step, long fence, StepOutcome outcome);

        [LoggerMessage(2005, LogLevel.Debug, "{JobId}: {Step} is not begun here: it was ordered from {Worker}, which had this address before")]
        public static partial void ForAnother(ILogger logger, JobId jobId, CloneStep step, string worker);
    }
}
