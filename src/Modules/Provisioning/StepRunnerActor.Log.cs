using CloneHub.Contracts;
using Microsoft.Extensions.Logging;

namespace CloneHub.Provisioning;

internal sealed partial class StepRunnerActor
{
    private static partial class Log
    {
        [LoggerMessage(2001, LogLevel.Information, "{Job}: {Step} started, attempt {Attempt} (fence {Fence})")]
        public static partial void Started(ILogger logger, JobId job, CloneStep step, int attempt, long fence);

        [LoggerMessage(2002, LogLevel.Information, "{Job}: {Step} done in {Elapsed}")]
        public static partial void Done(ILogger logger, JobId job, CloneStep step, TimeSpan elapsed);

        [LoggerMessage(2003, LogLevel.Warning, "{Job}: {Step} failed after {Elapsed}: {Code}, retryable: {Retryable}")]
        public static partial void Failed(
            ILogger logger, Exception cause, JobId job, CloneStep step, TimeSpan elapsed, string code, bool retryable);

        [LoggerMessage(2004, LogLevel.Information, "{Job}: {Step} with fence {Fence} stopped without a report: {Outcome}")]
        public static partial void Dropped(ILogger logger, JobId job, CloneStep step, long fence, StepOutcome outcome);
    }
}
