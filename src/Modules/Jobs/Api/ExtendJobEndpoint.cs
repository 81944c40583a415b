using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using CloneHub.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace CloneHub.Jobs.Api;

/// <summary>POST /api/v2/jobs/{job_id}/extend: a clone that serves gets so many minutes from now on. A repeat counts from its own moment.</summary>
internal static class ExtendJobEndpoint
{
    public static void MapExtendJob(this IEndpointRouteBuilder routes) => routes
        .MapPost("/jobs/{job_id}/extend", ExtendJob)
        .WithName("ExtendJob")
        .WithSummary("Let a clone serve longer")
        .WithDescription("The clone goes away ttl_minutes from now, whatever its time was before. Only a clone that serves can be extended, a hundred times at most.")
        .WithTags("Jobs")
        .Accepts<ExtendRequestBody>("application/json")
        .Refuses(400, 404, 409, 413, 415, 429)
        .RequireRateLimiting(RequestLimits.Extensions);

    private static async Task<Results<Ok<JobBody>, Problem>> ExtendJob(
        [JobIdParameter] string jobId, HttpContext context, IJobReader reader, IJobExtender extender, IJobVault vault, CancellationToken cancellation)
    {
        // Asked first whose it is: a stranger's order must not even reach the job.
        if (!JobId.TryParse(jobId, out var id) || await reader.ReadAsync(id, seen: 0, cancellation) is not { } job || job.Tenant != context.User.Tenant())
            return GetJobStatusEndpoint.Unknown(jobId);

        var (bytes, tooLarge) = await JsonBody.ReadAsync(context.Request.BodyReader, cancellation);
        if (tooLarge is not null) return tooLarge;
        var (body, problem) = JsonBody.Parse(bytes, ExtendRequestBody.Check);
        if (body is null) return problem!;

        var (after, result) = await extender.ExtendAsync(id, TimeSpan.FromMinutes(body.TtlMinutes), cancellation);
        if (result is ExtensionResult.NotServing) return new Problem(ProblemKind.NotServing, $"Job {id} has no clone that serves now.");
        if (result is ExtensionResult.TooOften) return new Problem(ProblemKind.ExtendedTooOften, $"The clone of job {id} was extended {CloneJob.MaxExtensions} times.");
        GetJobStatusEndpoint.Mark(context.Response, after, withCredentials: true);
        return TypedResults.Ok(JobBody.From(after, await vault.OpenAsync(id, cancellation)));
    }
}

/// <summary>What POST /api/v2/jobs/{job_id}/extend takes.</summary>
internal sealed record ExtendRequestBody
{
    [Description("How long the clone serves from now on, in minutes: 5 to 1440.")]
    [Range(CloneRequestBody.MinTtl, CloneRequestBody.MaxTtl)]
    public required int TtlMinutes { get; init; }

    public static (ExtendRequestBody?, Problem?) Check(FieldReader fields)
    {
        var ttl = fields.Integer("ttl_minutes");
        fields.RefuseOthers();
        if (!fields.Has("ttl_minutes")) fields.Refuse("ttl_minutes", "is required");
        else if (CloneRequestBody.TtlFault(ttl) is { } fault) fields.Refuse("ttl_minutes", fault);
        return fields.Errors.Count > 0 ? (null, fields.ToProblem()) : (new ExtendRequestBody { TtlMinutes = ttl!.Value }, null);
    }
}
