using System.Diagnostics;
using Akka.Actor;
using CloneHub.Jobs.Archive;
using CloneHub.Jobs.Journal;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CloneHub.Jobs.Api;

/// <summary>What nobody caught: a store that is away becomes 503, a broken request 400, everything else 500 that tells only where to look.</summary>
internal sealed partial class TroubleHandler(ILogger<TroubleHandler> logger) : IExceptionHandler
{
    /// <summary>About as long as a few clones take.</summary>
    private static readonly TimeSpan BeforeThereIsRoom = TimeSpan.FromSeconds(30);

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        // Whoever hung up hears no answer.
        if (exception is ConnectionResetException) return true;
        if (exception is (OperationCanceledException or IOException) && httpContext.RequestAborted.IsCancellationRequested) return true;
        await Answer(httpContext, exception).ExecuteAsync(httpContext);
        return true;
    }

    private Problem Answer(HttpContext context, Exception exception)
    {
        var path = context.Request.Path.Value ?? "";
        switch (exception)
        {
            case UnavailableException { Code: UnavailableException.Archive }:
                LogUnavailable(logger, exception, context.Request.Method, path);
                return new Problem(ProblemKind.ArchiveLag, exception.Message);
            case UnavailableException { Code: UnavailableException.Queue }:
                LogUnavailable(logger, exception, context.Request.Method, path);
                return new Problem(ProblemKind.QueueFull, exception.Message) { RetryAfter = BeforeThereIsRoom };
            case TooManyJobsException:
                return new Problem(ProblemKind.TooManyJobs, exception.Message) { RetryAfter = BeforeThereIsRoom };
            case UnavailableException:
                LogUnavailable(logger, exception, context.Request.Method, path);
                return new Problem(ProblemKind.StoreUnavailable, exception.Message);
            case AskTimeoutException:
            case Exception when RedisTrouble.Is(exception) || PostgreSqlTrouble.Is(exception):
                LogUnavailable(logger, exception, context.Request.Method, path);
                return new Problem(ProblemKind.StoreUnavailable);
            case BadHttpRequestException bad:
                return new Problem(ProblemKind.OfStatus(bad.StatusCode));
            default:
                LogUnhandled(logger, exception, context.Request.Method, path);
                return new Problem(ProblemKind.Internal, "The request was not carried out as it should have been.")
                {
                    TraceId = Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier,
                };
        }
    }
}
