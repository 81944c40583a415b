using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CloneHub.Jobs.Api;

/// <summary>How many requests to clone one key may send.</summary>
internal static class CloneRateLimit
{
    public const string Policy = "clones";

    public static void AddCloneRateLimit(this IServiceCollection services) => services.AddRateLimiter(limiter =>
    {
        limiter.AddPolicy(Policy, context => RateLimitPartition.GetFixedWindowLimiter(context.KeyName() ?? "", _ => new FixedWindowRateLimiterOptions
        {
            PermitLimit = context.RequestServices.GetRequiredService<IOptions<JobsApiOptions>>().Value.RateLimit.ClonesPerMinute,
            Window = TimeSpan.FromMinutes(1),
        }));
        limiter.OnRejected = (rejected, _) => new ValueTask(new Problem(ProblemKind.RateLimited, "This key has sent its requests for this minute.")
        {
            RetryAfter = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : TimeSpan.FromMinutes(1),
        }.ExecuteAsync(rejected.HttpContext));
    });
}
