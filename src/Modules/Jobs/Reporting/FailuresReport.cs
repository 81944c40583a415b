using System.ComponentModel;
using System.Text.Json;

namespace CloneHub.Jobs.Reporting;

/// <param name="Jobs">Jobs that failed with this code.</param>
/// <param name="Retries">Attempts that failed with it and were tried again.</param>
internal sealed record FailuresRow(
    DateOnly? Day,
    [property: Description("Absent if the job failed outside of a step.")] string? Step,
    string Code,
    [property: Description("Jobs that failed with this code.")] long Jobs,
    [property: Description("Attempts that failed with this code and were tried again.")] long Retries);

/// <summary>Why jobs failed, and where.</summary>
internal static class FailuresReport
{
    public static readonly ReportKind Kind = new(
        "failures", "Failures by step and code", "Rows are always divided by step and code; the codes are explained in docs/errors.md.",
        [ReportQuery.ByStep, ReportQuery.ByDay], [ReportQuery.ByStep]);

    public static async Task<IReadOnlyList<FailuresRow>> RowsAsync(ReportReader reader, ReportQuery query, DateTimeOffset asOf, CancellationToken cancellation)
    {
        var byDay = query.GroupBy.Contains(ReportQuery.ByDay);
        return
        [
            .. (await reader.DaysAsync<Dictionary<string, FailureCount>>(query, nameof(ReportDay.Failures), cancellation))
                .SelectMany(day => day.Part.Values.Select(f => (Day: byDay ? day.Day : (DateOnly?)null, Failure: f)))
                .GroupBy(f => (f.Day, f.Failure.Step, f.Failure.Code), f => f.Failure)
                .OrderBy(group => group.Key.Day).ThenByDescending(group => group.Sum(f => f.Jobs)).ThenBy(group => group.Key.Step).ThenBy(group => group.Key.Code, StringComparer.Ordinal)
                .Select(group => new FailuresRow(
                    group.Key.Day,
                    group.Key.Step is { } step ? JsonNamingPolicy.SnakeCaseLower.ConvertName(step.ToString()) : null,
                    group.Key.Code, group.Sum(f => f.Jobs), group.Sum(f => f.Retries))),
        ];
    }
}
