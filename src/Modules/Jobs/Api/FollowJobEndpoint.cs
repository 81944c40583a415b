using System.Globalization;
using CloneHub.Contracts;
using CloneHub.Jobs.FollowJob;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace CloneHub.Jobs.Api;

/// <summary>GET /api/v2/jobs/{job_id}/events: what has happened to a job and what happens from now on, as it happens.</summary>
internal static class FollowJobEndpoint
{
    private const string Header = "Last-Event-ID";
    private const string Query = "last_event_id";

    public static void MapFollowJob(this IEndpointRouteBuilder routes) => routes
        .MapGet("/jobs/{job_id}/events", FollowJob)
        .WithName("FollowJob")
        .WithSummary("Follow a job as it goes")
        .WithDescription(
            "Server-sent events. Each event of the job has its number as id and its name as event; 'progress' in between has no id. "
            + "A client that comes again with the last id it has seen gets what it has missed, once. The stream ends when the job is over; "
            + "whoever has all its events is then answered 204. One key may hold 50 streams open. docs/api.md describes every event.")
        .WithTags("Jobs")
        .Produces<JobEventBody>(StatusCodes.Status200OK, "text/event-stream")
        .Produces(StatusCodes.Status204NoContent)
        .Refuses(400, 404, 429)
        .RequireRateLimiting(RequestLimits.Streams);

    private static async Task<Results<JobEventStream, Problem>> FollowJob(
        [JobIdParameter] string jobId,
        [FromHeader(Name = Header)] string? lastEventId,
        [FromQuery(Name = Query)] string? lastEventIdInQuery,
        HttpContext context, IJobReader reader, IJobHistory history, JobNews news, TimeProvider clock, CancellationToken cancellation)
    {
        if (!JobId.TryParse(jobId, out var id) || await reader.ReadAsync(id, seen: 0, cancellation) is not { } job || job.Tenant != context.User.Tenant())
            return GetJobStatusEndpoint.Unknown(jobId);

        // A browser that comes again sends the header and repeats the address it first came with, so the header is the newer one.
        var (name, text) = string.IsNullOrEmpty(lastEventId) ? (Query, lastEventIdInQuery) : (Header, lastEventId);
        var after = 0L;
        if (!string.IsNullOrEmpty(text) && !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out after)) return Refused(name);
        return new JobEventStream(job, new LastSeen(after, name), history, news, clock);
    }

    public static Problem Refused(string name) => Problem.Invalid(name, "must be the id of an event of this job");
}
