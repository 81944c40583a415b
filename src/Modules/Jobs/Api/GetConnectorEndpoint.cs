using CloneHub.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace CloneHub.Jobs.Api;

/// <summary>GET /api/v2/jobs/{job_id}/connector: the plugin that a job waits for, to be installed at the source by hand.</summary>
internal static class GetConnectorEndpoint
{
    private const string Zip = "application/zip";

    public static void MapGetConnector(this IEndpointRouteBuilder routes) => routes
        .MapGet("/jobs/{job_id}/connector", GetConnector)
        .WithName("GetConnector")
        .WithSummary("Download the connector of a job that waits for it")
        .WithDescription(
            "A plugin for the job's source alone, as a zip that WordPress installs. It holds no secret: it obeys this job, for a day at most, and removes itself when the content is copied.")
        .WithTags("Jobs")
        .Produces<byte[]>(StatusCodes.Status200OK, Zip)
        .Refuses(404, 409, 429)
        .RequireRateLimiting(RequestLimits.Logs);

    private static async Task<Results<FileContentHttpResult, Problem>> GetConnector(
        [JobIdParameter] string jobId, HttpContext context, IJobReader reader, IConnectorPackages packages, CancellationToken cancellation)
    {
        if (!JobId.TryParse(jobId, out var id) || await reader.ReadAsync(id, seen: 0, cancellation) is not { } job || job.Tenant != context.User.Tenant())
            return GetJobStatusEndpoint.Unknown(jobId);
        if (job.Awaited is null || await packages.MakeAsync(id, cancellation) is not { } package)
            return new Problem(ProblemKind.NoConnector, $"Job {id} does not wait for a connector.");

        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.File(package.Zip, Zip, package.FileName);
    }
}
