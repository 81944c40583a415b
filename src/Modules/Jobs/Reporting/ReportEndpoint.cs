using System.ComponentModel;
using CloneHub.Jobs.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace CloneHub.Jobs.Reporting;

/// <summary>A report of the caller's own jobs.</summary>
/// <param name="Report">Which report it is.</param>
/// <param name="From">First day, UTC.</param>
/// <param name="To">Last day, UTC, included.</param>
/// <param name="AsOf">Everything up to this moment is counted; what came later may be missing.</param>
internal sealed record ReportBody<TRow>(
    string Report,
    DateOnly From,
    DateOnly To,
    [property: Description("Everything up to this moment is counted; what came later may be missing.")] DateTimeOffset AsOf,
    string? CustomerId,
    IReadOnlyList<TRow> Rows);

/// <summary>GET /api/v2/reports/…: what happened to the caller's jobs, from the projections only.</summary>
internal static class ReportEndpoint
{
    /// <summary>Tells up to when a report in CSV holds, where there is no place for it in the text.</summary>
    public const string AsOfHeader = "X-As-Of";

    public static void MapReports(this IEndpointRouteBuilder api)
    {
        var reports = api.MapGroup("/reports").WithTags("Reports").Refuses(400);
        reports.MapReport<ClonesRow>(ClonesReport.Kind, ClonesReport.RowsAsync);
        reports.MapReport<FailuresRow>(FailuresReport.Kind, FailuresReport.RowsAsync);
        reports.MapReport<StepDurationsRow>(StepDurationsReport.Kind, StepDurationsReport.RowsAsync);
        reports.MapReport<QueueWaitRow>(QueueWaitReport.Kind, QueueWaitReport.RowsAsync);
        reports.MapReport<LiveClonesRow>(LiveClonesReport.Kind, LiveClonesReport.RowsAsync);
    }

    private static void MapReport<TRow>(
        this IEndpointRouteBuilder routes, ReportKind kind, Func<ReportReader, ReportQuery, DateTimeOffset, CancellationToken, Task<IReadOnlyList<TRow>>> rows)
        where TRow : class => routes
        .MapGet($"/{kind.Name}", Task<Results<Ok<ReportBody<TRow>>, Csv<TRow>, Problem>> (
            [AsParameters] ReportParameters asked, HttpContext context, ReportReader reader, TimeProvider clock, CancellationToken cancellation) =>
            AnswerAsync(kind, rows, asked, context, reader, clock, cancellation))
        .WithName($"Get{typeof(TRow).Name.Replace("Row", "Report", StringComparison.Ordinal)}")
        .WithSummary(kind.Summary)
        .WithDescription($"{kind.Description} group_by: {kind.Choices}; default {string.Join(',', kind.DefaultGroups)}.")
        .Produces<ReportBody<TRow>>(StatusCodes.Status200OK, "application/json", Csv<TRow>.ContentType);

    private static async Task<Results<Ok<ReportBody<TRow>>, Csv<TRow>, Problem>> AnswerAsync<TRow>(
        ReportKind kind,
        Func<ReportReader, ReportQuery, DateTimeOffset, CancellationToken, Task<IReadOnlyList<TRow>>> rows,
        ReportParameters asked,
        HttpContext context,
        ReportReader reader,
        TimeProvider clock,
        CancellationToken cancellation)
        where TRow : class
    {
        var today = DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);
        var (query, problem) = ReportQuery.Read(context.Request, asked, kind, context.User.Tenant(), today);
        if (query is null) return problem!;

        var (asOf, found) = await reader.InTimeAsync(
            async () =>
            {
                // Asked first: what is read afterwards is at least as new.
                var upTo = await reader.AsOfAsync(CancellationToken.None);
                return (upTo, await rows(reader, query, upTo, CancellationToken.None));
            },
            cancellation);
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.Vary = "Accept";
        context.Response.Headers[AsOfHeader] = WireTime.Of(asOf);
        return WantsCsv(asked.Format, context.Request)
            ? new Csv<TRow>($"{kind.Name}-{query.From:yyyy-MM-dd}-{query.To:yyyy-MM-dd}.csv", found)
            : TypedResults.Ok(new ReportBody<TRow>(kind.Name, query.From, query.To, asOf, query.CustomerId, found));
    }

    /// <summary>An Accept header asks for CSV only if it names it, and JSON not before it.</summary>
    private static bool WantsCsv(string? format, HttpRequest request)
    {
        if (format is not null) return format == "csv";
        var accepted = request.GetTypedHeaders().Accept;
        return Quality("text/csv") is > 0 and var csv && csv >= Quality("application/json");

        double Quality(string type) => accepted
            .Where(a => a.MediaType.Equals(type, StringComparison.OrdinalIgnoreCase))
            .Select(a => a.Quality ?? 1).DefaultIfEmpty(0).Max();
    }
}
