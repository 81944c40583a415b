using CloneHub.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace CloneHub.Jobs.Api;

/// <summary>POST /api/v2/jobs/{job_id}/rollback: undoes a restore; a repeat changes nothing.</summary>
internal static class RollBackJobEndpoint
{
    public static void MapRollBackJob(this IEndpointRouteBuilder routes) => routes
        .MapPost("/jobs/{job_id}/rollback", RollBackJob)
        .WithName("RollBackJob")
        .WithSummary("Undo a restore")
        .WithDescription("Gives the site its old content again, until the restore's undo_until. What was changed at the site since the restore is lost with it. May be repeated.")
        .WithTags("Restores")
        .Produces<JobBody>(StatusCodes.Status202Accepted)
        .Refuses(404, 409);

    private static async Task<Results<Accepted<JobBody>, Problem>> RollBackJob(
        [JobIdParameter] string jobId, HttpContext context, IJobReader reader, IRestoreUndo undo, CancellationToken cancellation)
    {
        // Asked first whose it is: a stranger's order must not even reach the job.
        if (!JobId.TryParse(jobId, out var id) || await reader.ReadAsync(id, seen: 0, cancellation) is not { } job || job.Tenant != context.User.Tenant())
            return GetJobStatusEndpoint.Unknown(jobId);

        var (after, result) = await undo.RollBackAsync(id, cancellation);
        if (result is UndoResult.TargetTaken) return new Problem(ProblemKind.RestoreRunning, $"Another job restores the site of job {id} now.");
        if (result is UndoResult.NotUndoable) return new Problem(ProblemKind.NotUndoable, $"Job {id} has nothing to undo now.");
        GetJobStatusEndpoint.Mark(context.Response, after, withCredentials: false);
        return TypedResults.Accepted(JobBody.StatusPath(id), JobBody.From(after));
    }
}
