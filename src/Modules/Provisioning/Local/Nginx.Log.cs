using Microsoft.Extensions.Logging;

namespace CloneHub.Provisioning.Local;

internal sealed partial class Nginx
{
    private static partial class Log
    {
        [LoggerMessage(2111, LogLevel.Information, "nginx started for the clones")]
        public static partial void Started(ILogger logger);
    }
}
