using CloneHub.Contracts;
using Microsoft.Extensions.Logging;

namespace CloneHub.Provisioning.Local;

internal sealed partial class PhpFpm
{
    private static partial class Log
    {
        [LoggerMessage(2101, LogLevel.Debug, "{JobId}: PHP started")]
        public static partial void Started(ILogger logger, JobId jobId);

        [LoggerMessage(2102, LogLevel.Debug, "{JobId}: PHP stopped, {Processes} processes")]
        public static partial void Stopped(ILogger logger, JobId jobId, int processes);
    }
}
