using CloneHub.Contracts;
using CloneHub.Jobs.Callbacks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace CloneHub.Jobs.Api;

/// <summary>POST /api/v2/clone: checks, makes durable, answers. Nothing is asked of the source here.</summary>
internal static class RequestCloneEndpoint
{
    public const string KeyHeader = "Idempotency-Key";
    private const int MaxKey = 200;

    public static void MapRequestClone(this IEndpointRouteBuilder routes) => routes
        .MapPost("/clone", RequestClone)
        .WithName("RequestClone")
        .WithSummary("Clone a WordPress site")
        .WithDescription("Accepts the request and answers at once; the work is done in the background. Ask status_url how it goes.")
        .WithTags("Clones")
        .Accepts<CloneRequestBody>("application/json")
        .Produces<JobBody>(StatusCodes.Status202Accepted)
        .Refuses(400, 409, 413, 415, 429)
        .RequireRateLimiting(RequestLimits.Clones);

    private static async Task<Results<Accepted<JobBody>, Problem>> RequestClone(
        HttpContext context,
        SourceGuard guard,
        CallbackGuard callbacks,
        IJobIntake intake,
        ICloneAbilities abilities,
        [FromHeader(Name = KeyHeader)] string? idempotencyKey,
        CancellationToken cancellation)
    {
        if (idempotencyKey is not null && !IsKey(idempotencyKey)) return BadKey();
        var (bytes, tooLarge) = await JsonBody.ReadAsync(context.Request.BodyReader, cancellation);
        if (tooLarge is not null) return tooLarge;
        var (body, problem) = CloneRequestBody.Parse(bytes);
        if (body is null) return problem!;

        if (body.Media is CloneRequestBody.OnDemand && !abilities.MediaOnDemand) return new Problem(ProblemKind.MediaNotOnDemand, "Clones are made here with all their media.");
        var source = new Uri(body.SourceUrl);
        if (await guard.RefuseAsync(source, cancellation) is { } refusal) return refusal;
        if (body.CallbackUrl is { } callback && await callbacks.RefuseAsync(callback, cancellation) is { } noCallback) return noCallback;

        var accepted = await intake.AcceptAsync(Request(body, source, context.User.Tenant(), idempotencyKey), cancellation);
        if (accepted.Acceptance == Acceptance.Conflict)
            return new Problem(ProblemKind.IdempotencyConflict, $"Another request was accepted under the {KeyHeader} '{idempotencyKey}'.");
        GetJobStatusEndpoint.Mark(context.Response, accepted.Job, withCredentials: false);
        return TypedResults.Accepted(JobBody.StatusPath(accepted.Job.Job), JobBody.From(accepted.Job));
    }

    private static CloneRequest Request(CloneRequestBody body, Uri source, string tenant, string? idempotencyKey) => new(
        tenant,
        source,
        body.SourceUsername ?? "",
        body.SourcePassword ?? new Secret(""),
        body.CustomerId,
        TimeSpan.FromMinutes(body.TtlMinutes ?? CloneRequestBody.DefaultTtl),
        idempotencyKey,
        body.Replace ?? false,
        body.CallbackUrl,
        body.Priority is CloneRequestBody.Bulk ? JobPriority.Bulk : JobPriority.Interactive,
        body.ByHand ?? false,
        body.Media is CloneRequestBody.OnDemand ? CloneMedia.OnDemand : CloneMedia.Eager);

    public static bool IsKey(string text) => text.Length is >= 1 and <= MaxKey && text.All(c => c is >= ' ' and <= '~');

    public static Problem BadKey() => Problem.Invalid(KeyHeader, $"must be 1 to {MaxKey} printable ASCII characters");
}
