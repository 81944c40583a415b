using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CloneHub.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace CloneHub.Jobs.Api;

/// <summary>GET /api/v2/job-status/{job_id}, and the earlier address that leads to it.</summary>
internal static class GetJobStatusEndpoint
{
    public static void MapGetJobStatus(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/job-status/{job_id}", GetJobStatus)
            .WithName("GetJobStatus")
            .WithSummary("Ask how a job goes")
            .WithDescription("While the clone serves, its owner gets the credentials with the result. Send the ETag back in If-None-Match to be told of changes only; "
                + "with 'Prefer: wait=N' the answer comes when there is a change, or after N seconds (60 at most). One key may have 50 requests wait.")
            .WithTags("Jobs")
            .Produces(StatusCodes.Status304NotModified)
            .Refuses(404, 429)
            .RequireRateLimiting(RequestLimits.Waits);
        routes.MapGet("/jobs/{job_id}", RedirectToStatus)
            .WithName("RedirectToJobStatus")
            .WithSummary("Earlier address of a job's status")
            .WithTags("Jobs")
            .Produces(StatusCodes.Status308PermanentRedirect)
            .Refuses(404);
    }

    private static async Task<Results<Ok<JobBody>, StatusCodeHttpResult, Problem>> GetJobStatus(
        [JobIdParameter] string jobId,
        [FromHeader(Name = "Prefer")] string? prefer,
        HttpContext context, IJobReader reader, StatusWait wait, IJobVault vault, TimeProvider clock, CancellationToken cancellation)
    {
        var known = context.Request.GetTypedHeaders().IfNoneMatch;
        var tenant = context.User.Tenant();
        if (!JobId.TryParse(jobId, out var id) || await reader.ReadAsync(id, Seen(known), cancellation) is not { } job || job.Tenant != tenant)
            return Unknown(jobId);

        if (StatusWait.Preferred(prefer) is { } seconds)
        {
            var seen = known.Count > 0 ? known : [Tag(job, Serves(job, clock))];
            job = await wait.NextAsync(job, j => IsAmong(seen, Tag(j, Serves(j, clock))), TimeSpan.FromSeconds(seconds), cancellation);
            context.Response.Headers["Preference-Applied"] = string.Create(CultureInfo.InvariantCulture, $"wait={seconds}");
        }

        var serves = Serves(job, clock);
        var tag = Mark(context.Response, job, serves);
        if (IsAmong(known, tag)) return TypedResults.StatusCode(StatusCodes.Status304NotModified);
        return TypedResults.Ok(JobBody.From(job, serves ? await vault.OpenAsync(id, cancellation) : null));
    }

    private static bool Serves(JobSnapshot job, TimeProvider clock) => job.Serves && !(job.ExpiresAt <= clock.GetUtcNow());

    private static bool IsAmong(IList<EntityTagHeaderValue> seen, EntityTagHeaderValue tag) => seen.Any(s => s.Compare(tag, useStrongComparison: false));

    /// <summary>Gives an answer the job's version, so that its caller, sending it back, is never told of an earlier one.</summary>
    /// <param name="withCredentials">Whether the answer holds them: one that does is news to who has seen one that does not.</param>
    public static EntityTagHeaderValue Mark(HttpResponse response, JobSnapshot job, bool withCredentials)
    {
        var tag = Tag(job, withCredentials);
        response.GetTypedHeaders().ETag = tag;
        response.Headers.CacheControl = "no-store";
        return tag;
    }

    private static Results<RedirectHttpResult, Problem> RedirectToStatus([JobIdParameter] string jobId) =>
        JobId.TryParse(jobId, out var id)
            ? TypedResults.Redirect(JobBody.StatusPath(id), permanent: true, preserveMethod: true)
            : Unknown(jobId);

    public static Problem Unknown(string jobId) =>
        new(ProblemKind.JobNotFound, JobId.TryParse(jobId, out var id) ? $"No job {id} was accepted for this key." : "This is not a job id.");

    /// <summary>Version first, so that a caller never gets an older state than it has seen; then a digest of what moves between versions.</summary>
    private static EntityTagHeaderValue Tag(JobSnapshot job, bool serves)
    {
        var moving = string.Create(CultureInfo.InvariantCulture, $"{job.Progress}|{job.QueuePosition}|{serves}|{job.Message}");
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(moving)).AsSpan(0, 6));
        return new EntityTagHeaderValue($"\"{job.Version.ToString(CultureInfo.InvariantCulture)}-{digest}\"", isWeak: true);
    }

    private static long Seen(IList<EntityTagHeaderValue> tags) => tags.Max(tag =>
    {
        var text = tag.Tag.AsSpan().Trim('"');
        var dash = text.IndexOf('-');
        return dash > 0 && long.TryParse(text[..dash], NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : (long?)0;
    }) ?? 0;
}
