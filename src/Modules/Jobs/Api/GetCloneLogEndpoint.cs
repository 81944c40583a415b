using System.ComponentModel;
using System.Globalization;
using CloneHub.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace CloneHub.Jobs.Api;

/// <summary>GET /api/v2/jobs/{job_id}/logs/…: what is written down about a clone, for whoever looks for the cause of a white page.</summary>
internal static class GetCloneLogEndpoint
{
    private const string Lines = "lines";
    private const int DefaultLines = 200;
    private const int MostLines = 1_000;
    private const string Kept = " Passwords of the job are taken out. Of a failed job it is there as long as the clone is kept for inspection.";

    public static void MapCloneLogs(this IEndpointRouteBuilder routes)
    {
        routes.MapLog(
            CloneLogKind.Php, "php", "Read the end of a clone's PHP log", "Notices, warnings and errors that the clone's PHP has written, the oldest first." + Kept);
        routes.MapLog(
            CloneLogKind.Access, "access", "Read the end of a clone's access log",
            "A line for each request, the oldest first: time, who asked, method and path without the query, status, bytes of the answer, seconds it took." + Kept);
        routes.MapLog(
            CloneLogKind.Agent, "agent", "Read the end of a clone's agent log",
            "What the program in the clone's pod has said while it copied the content, the oldest first." + Kept + " Clones on CloneHub's own machine have none: 404 NO_SUCH_LOG.");
    }

    private static void MapLog(this IEndpointRouteBuilder routes, CloneLogKind kind, string name, string summary, string description) => routes
        .MapGet(
            $"/jobs/{{job_id}}/logs/{name}",
            (
                [JobIdParameter] string jobId,
                [FromQuery(Name = Lines)]
                [Description("How many lines at most: 1 to 1000, by default 200.")]
                string? lines,
                HttpContext context, IJobReader reader, ICloneLogs logs, CancellationToken cancellation) => GetLog(kind, jobId, lines, context, reader, logs, cancellation))
        .WithName($"Get{kind}Log")
        .WithSummary(summary)
        .WithDescription(description)
        .WithTags("Jobs")
        .Refuses(400, 404, 409, 429)
        .RequireRateLimiting(RequestLimits.Logs);

    private static async Task<Results<Ok<CloneLogBody>, Problem>> GetLog(
        CloneLogKind kind, string jobId, string? lines, HttpContext context, IJobReader reader, ICloneLogs logs, CancellationToken cancellation)
    {
        var asked = new QueryReader(context.Request.Query, "this log", Lines);
        var most = DefaultLines;
        if (lines is not null && (!int.TryParse(lines, NumberStyles.None, CultureInfo.InvariantCulture, out most) || most is < 1 or > MostLines))
            asked.Refuse(Lines, "must be a whole number from 1 to 1000");
        if (asked.Problem is { } problem) return problem;
        if (!JobId.TryParse(jobId, out var id) || await reader.ReadAsync(id, seen: 0, cancellation) is not { } job || job.Tenant != context.User.Tenant())
            return GetJobStatusEndpoint.Unknown(jobId);
        if (!logs.Keeps(kind)) return new Problem(ProblemKind.NoSuchLog, "Clones of this CloneHub have no agent: CloneHub copies their content itself.");
        if (await logs.TailAsync(id, kind, most, cancellation) is not { } log) return new Problem(ProblemKind.NoLog, $"Job {id} has no clone whose log can be read now.");

        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(new CloneLogBody(id.Value, log.Lines, log.IsCut));
    }
}

/// <summary>The end of a log.</summary>
internal sealed record CloneLogBody(
    string JobId,
    [property: Description("The oldest first; of a line of more than 2000 letters the beginning.")] IReadOnlyList<string> Lines,
    [property: Description("There are older lines than these.")] bool Truncated);
