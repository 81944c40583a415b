using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace CloneHub.Jobs.Api;

/// <summary>A refusal in the form of RFC 9457.</summary>
/// <param name="Type">URI that names the kind of problem.</param>
/// <param name="Title">The kind in a few words; the same for every occurrence.</param>
/// <param name="Detail">What is wrong with this request.</param>
/// <param name="Code">Stable name of the kind, for programs.</param>
/// <param name="Hint">What to do next.</param>
/// <param name="Errors">Per field, what is wrong with it.</param>
/// <param name="TraceId">Finds this occurrence in the operator's logs.</param>
internal sealed record ProblemBody(
    string Type,
    string Title,
    int Status,
    string Detail,
    string Code,
    string Hint,
    IReadOnlyDictionary<string, string[]>? Errors = null,
    string? TraceId = null);

/// <summary>Answers a request with a <see cref="ProblemBody"/>.</summary>
internal sealed class Problem(ProblemKind kind, string? detail = null) : IResult
{
    public const string ContentType = "application/problem+json";

    /// <summary>Tells a caller when to come back where nothing more precise is known.</summary>
    private static readonly TimeSpan ComeBack = TimeSpan.FromSeconds(2);

    /// <summary>The request is wrong in one or more of its fields, headers or parameters.</summary>
    public static Problem Invalid(IReadOnlyDictionary<string, string[]> errors) =>
        new(ProblemKind.ValidationFailed, string.Join("; ", errors.Select(e => $"{e.Key} {e.Value[0]}")) + ".") { Errors = errors };

    public static Problem Invalid(string name, string reason) => Invalid(new Dictionary<string, string[]> { [name] = [reason] });

    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }

    public string? TraceId { get; init; }

    public TimeSpan? RetryAfter { get; init; }

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = kind.Status;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        var retryAfter = RetryAfter ?? (kind.Status == StatusCodes.Status503ServiceUnavailable ? ComeBack : null);
        if (retryAfter is { } wait)
            response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);

        var body = new ProblemBody(kind.Type, kind.Title, kind.Status, detail ?? kind.Title + ".", kind.Code, kind.Hint, Errors, TraceId);
        return response.WriteAsJsonAsync(body, options: null, ContentType, httpContext.RequestAborted);
    }
}
