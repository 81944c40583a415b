using Microsoft.Extensions.Logging;

namespace CloneHub.Jobs.Api;

internal sealed partial class TroubleHandler
{
    [LoggerMessage(1901, LogLevel.Warning, "{Method} {Path} was answered with 503")]
    private static partial void LogUnavailable(ILogger logger, Exception exception, string method, string path);

    [LoggerMessage(1902, LogLevel.Error, "{Method} {Path} was answered with 500")]
    private static partial void LogUnhandled(ILogger logger, Exception exception, string method, string path);
}
