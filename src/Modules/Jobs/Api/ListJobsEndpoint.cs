using System.ComponentModel;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace CloneHub.Jobs.Api;

/// <summary>GET /api/v2/jobs: the caller's jobs, newest first, a page at a time.</summary>
internal static class ListJobsEndpoint
{
    public static void MapListJobs(this IEndpointRouteBuilder routes) => routes
        .MapGet("/jobs", ListJobs)
        .WithName("ListJobs")
        .WithSummary("List your jobs")
        .WithDescription("Newest first, without credentials, without queue_position and estimated_completion: ask a job's status_url for those.")
        .WithTags("Jobs")
        .Refuses(400);

    private static async Task<Results<Ok<JobListBody>, Problem>> ListJobs(
        [AsParameters] ListJobsQuery query, HttpContext context, IJobList list, CancellationToken cancellation)
    {
        var (filter, problem) = query.Check(context.User.Tenant(), context.Request.Query);
        if (filter is null) return problem!;
        var page = await list.ListAsync(filter, cancellation);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(new JobListBody([.. page.Jobs.Select(job => JobBody.From(job, isListed: true))], page.Next?.ToString()));
    }
}

/// <summary>One page of jobs.</summary>
/// <param name="Jobs">Newest first.</param>
/// <param name="NextCursor">Asks for the next page, with the same filters; absent on the last one.</param>
internal sealed record JobListBody(
    [property: Description("Newest first.")] IReadOnlyList<JobBody> Jobs,
    [property: Description("Send it as cursor, with the same filters, for the next page; absent on the last one.")] string? NextCursor);

/// <summary>What a list is asked for. All texts, so that whatever is wrong is told by name.</summary>
internal sealed record ListJobsQuery
{
    private const int DefaultLimit = 50;
    private const int MaxLimit = 200;
    private static readonly string[] Known = ["status", "type", "customer_id", "limit", "cursor"];

    [FromQuery(Name = "status")]
    [Description("Only jobs in this status: pending, running, completed, failed or cancelled.")]
    public string? Status { get; init; }

    [FromQuery(Name = "type")]
    [Description("Only jobs of this type: clone or restore.")]
    public string? Type { get; init; }

    [FromQuery(Name = "customer_id")]
    [Description("Only jobs with this label.")]
    public string? CustomerId { get; init; }

    [FromQuery(Name = "limit")]
    [Description("Jobs on the page: 1 to 200, by default 50.")]
    public string? Limit { get; init; }

    [FromQuery(Name = "cursor")]
    [Description("The next_cursor of the page before.")]
    public string? Cursor { get; init; }

    public (JobFilter? Filter, Problem? Problem) Check(string tenant, IQueryCollection query)
    {
        var asked = new QueryReader(query, "this list", Known);
        var statuses = Enum.GetValues<JobStatus>().ToDictionary(s => s.ToString().ToLowerInvariant(), s => (JobStatus?)s);
        if (Status is not null && !statuses.ContainsKey(Status)) asked.Refuse("status", $"must be one of {string.Join(", ", statuses.Keys)}");
        if (Type is not (null or "clone" or "restore")) asked.Refuse("type", "must be clone or restore");
        if (CustomerId is not null && !CloneRequestBody.IsLabel(CustomerId)) asked.Refuse("customer_id", CloneRequestBody.LabelFault);
        var limit = DefaultLimit;
        if (Limit is not null && (!int.TryParse(Limit, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > MaxLimit))
            asked.Refuse("limit", $"must be from 1 to {MaxLimit}");
        JobCursor? after = null;
        if (Cursor is not null && !JobCursor.TryParse(Cursor, out after)) asked.Refuse("cursor", "must be the next_cursor of an earlier page");
        return asked.Problem is { } problem ? (null, problem) : (new JobFilter(tenant, Status is null ? null : statuses[Status], CustomerId, after, limit, Type), null);
    }
}
