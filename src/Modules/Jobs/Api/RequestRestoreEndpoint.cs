using CloneHub.Jobs.Callbacks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace CloneHub.Jobs.Api;

/// <summary>POST /api/v2/restore: checks, makes durable, answers. Nothing is asked of clone or site here.</summary>
internal static class RequestRestoreEndpoint
{
    public static void MapRequestRestore(this IEndpointRouteBuilder routes) => routes
        .MapPost("/restore", RequestRestore)
        .WithName("RequestRestore")
        .WithSummary("Bring a clone's content to a site")
        .WithDescription("Accepts the request and answers at once; the work is done in the background. The content is laid beside the site's own, compared, and changes places with it in one turn; "
            + "for a day that can be undone. With dry_run only the plan is made. See docs/restore.md.")
        .WithTags("Restores")
        .Accepts<RestoreRequestBody>("application/json")
        .Produces<JobBody>(StatusCodes.Status202Accepted)
        .Refuses(400, 404, 409, 413, 415, 429)
        .RequireRateLimiting(RequestLimits.Clones);

    private static async Task<Results<Accepted<JobBody>, Problem>> RequestRestore(
        HttpContext context,
        SourceGuard guard,
        CallbackGuard callbacks,
        IJobIntake intake,
        IRestoreSources sources,
        [FromHeader(Name = RequestCloneEndpoint.KeyHeader)] string? idempotencyKey,
        CancellationToken cancellation)
    {
        if (idempotencyKey is not null && !RequestCloneEndpoint.IsKey(idempotencyKey)) return RequestCloneEndpoint.BadKey();
        var (bytes, tooLarge) = await JsonBody.ReadAsync(context.Request.BodyReader, cancellation);
        if (tooLarge is not null) return tooLarge;
        var (body, problem) = JsonBody.Parse(bytes, RestoreRequestBody.Check);
        if (body is null) return problem!;

        var request = body.ToRequest(context.User.Tenant(), idempotencyKey);
        if (await guard.RefuseAsync(request.TargetUrl, cancellation, "target_url") is { } noTarget) return noTarget;
        if (request.CloneUrl is { } clone && await guard.RefuseAsync(clone, cancellation) is { } noSource) return noSource;
        if (body.CallbackUrl is { } callback && await callbacks.RefuseAsync(callback, cancellation) is { } noCallback) return noCallback;

        // A repeat is the job it was, whatever has become of the clone.
        if (await intake.EarlierAsync(request, cancellation) is { } earlier) return Answer(context, earlier, request);
        var (whole, refusal) = await sources.FindAsync(request, cancellation);
        return whole is null ? refusal! : Answer(context, await intake.AcceptAsync(whole, cancellation), request);
    }

    private static Results<Accepted<JobBody>, Problem> Answer(HttpContext context, Accepted accepted, RestoreRequest request)
    {
        if (accepted.Acceptance is Acceptance.Conflict)
            return new Problem(ProblemKind.IdempotencyConflict, $"Another request was accepted under the {RequestCloneEndpoint.KeyHeader} '{request.IdempotencyKey}'.");
        if (accepted.Acceptance is Acceptance.TargetTaken)
            return new Problem(ProblemKind.RestoreRunning, accepted.Job.Tenant == request.Tenant ? $"Job {accepted.Job.Job} restores {request.TargetUrl} now." : $"{request.TargetUrl} is being restored now.");
        GetJobStatusEndpoint.Mark(context.Response, accepted.Job, withCredentials: false);
        return TypedResults.Accepted(JobBody.StatusPath(accepted.Job.Job), JobBody.From(accepted.Job));
    }
}
