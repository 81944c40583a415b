using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CloneHub.Jobs.Api;

/// <summary>How many requests one key may send in a minute, and how many it may hold open.</summary>
internal static class RequestLimits
{
    /// <summary>Requests to clone.</summary>
    public const string Clones = "clones";

    /// <summary>Requests to extend a clone.</summary>
    public const string Extensions = "extensions";

    /// <summary>Event streams, held open until the job ends.</summary>
    public const string Streams = "streams";

    /// <summary>Requests for a status, as far as they wait for a change.</summary>
    public const string Waits = "waits";

    /// <summary>Requests for a clone's log; in a cluster each runs a program in its pod.</summary>
    public const string Logs = "logs";

    private const int ExtensionsPerMinute = 60;
    private const int LogsPerMinute = 60;
    private const int MostOpen = 50;

    private static readonly TimeSpan BeforeNextTry = TimeSpan.FromSeconds(10);

    public static void AddRequestLimits(this IServiceCollection services) => services.AddRateLimiter(limiter =>
    {
        limiter.AddPolicy(Clones, context => PerMinute(context, context.RequestServices.GetRequiredService<IOptions<JobsApiOptions>>().Value.RateLimit.ClonesPerMinute));
        limiter.AddPolicy(Extensions, context => PerMinute(context, ExtensionsPerMinute));
        limiter.AddPolicy(Logs, context => PerMinute(context, LogsPerMinute));
        limiter.AddPolicy(Streams, Open);
        limiter.AddPolicy(Waits, context => StatusWait.IsAskedBy(context.Request) ? Open(context) : RateLimitPartition.GetNoLimiter(""));
        limiter.OnRejected = (rejected, _) => new ValueTask(Refusal(rejected.Lease).ExecuteAsync(rejected.HttpContext));
    });

    private static RateLimitPartition<string> PerMinute(HttpContext context, int requests) => RateLimitPartition.GetFixedWindowLimiter(
        context.KeyName() ?? "", _ => new FixedWindowRateLimiterOptions { PermitLimit = requests, Window = TimeSpan.FromMinutes(1) });

    private static RateLimitPartition<string> Open(HttpContext context) => RateLimitPartition.GetConcurrencyLimiter(
        "of " + context.KeyName(), _ => new ConcurrencyLimiterOptions { PermitLimit = MostOpen });

    /// <summary>Only what is counted by the minute knows when there is room again.</summary>
    private static Problem Refusal(RateLimitLease lease) => lease.TryGetMetadata(MetadataName.RetryAfter, out var wait)
        ? new Problem(ProblemKind.RateLimited, "This key has sent its requests for this minute.") { RetryAfter = wait }
        : new Problem(ProblemKind.TooManyOpen, $"This key holds {MostOpen} requests of this kind open.") { RetryAfter = BeforeNextTry };
}
