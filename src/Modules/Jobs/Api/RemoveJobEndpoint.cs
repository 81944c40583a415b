using CloneHub.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace CloneHub.Jobs.Api;

/// <summary>DELETE /api/v2/jobs/{job_id}: cancels a job or removes its clone; a repeat changes nothing.</summary>
internal static class RemoveJobEndpoint
{
    public static void MapRemoveJob(this IEndpointRouteBuilder routes) => routes
        .MapDelete("/jobs/{job_id}", RemoveJob)
        .WithName("RemoveJob")
        .WithSummary("Cancel a job or remove its clone")
        .WithDescription("Cancels a job that waits or runs, removes a clone that serves, and ends the time in which a restore can be undone. A restore that changes the site in this moment is not cancelled. May be repeated.")
        .WithTags("Jobs")
        .Produces<JobBody>(StatusCodes.Status202Accepted)
        .Refuses(404);

    private static async Task<Results<Accepted<JobBody>, Problem>> RemoveJob(
        [JobIdParameter] string jobId, HttpContext context, IJobReader reader, IJobRemover remover, CancellationToken cancellation)
    {
        var tenant = context.User.Tenant();

        // Asked first whose it is: a stranger's order must not even reach the job.
        if (!JobId.TryParse(jobId, out var id) || await reader.ReadAsync(id, seen: 0, cancellation) is not { } job || job.Tenant != tenant)
            return GetJobStatusEndpoint.Unknown(jobId);

        if (await remover.RequestRemovalAsync(id, cancellation) is not { } after) return GetJobStatusEndpoint.Unknown(jobId);
        GetJobStatusEndpoint.Mark(context.Response, after, withCredentials: false);
        return TypedResults.Accepted(JobBody.StatusPath(id), JobBody.From(after));
    }
}
