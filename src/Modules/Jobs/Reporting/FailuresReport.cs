using System.ComponentModel;

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

    public static async Task<IReadOnlyList<FailuresRow>> RowsAsync(ReportReader reader, ReportQuery query, DateTimeOffset asOf, CancellationToken cancellation) =>
    [
        .. (await reader.DaysAsync<Dictionary<string, FailureCount>>(query, nameof(ReportDay.Failures), cancellation))
            .SelectMany(day => day.Part.Values.Select(failure => (Day: query.DayOf(day.Day), Failure: failure)))
            .GroupBy(f => (f.Day, f.Failure.Step, f.Failure.Code), f => f.Failure)
            .Select(group => new { group.Key.Day, group.Key.Step, group.Key.Code, Jobs = group.Sum(f => f.Jobs), Retries = group.Sum(f => f.Retries) })
            .OrderBy(f => f.Day).ThenByDescending(f => f.Jobs).ThenBy(f => f.Step).ThenBy(f => f.Code, StringComparer.Ordinal)
            .Select(f => new FailuresRow(f.Day, f.Step is { } step ? ReportQuery.NameOf(step) : null, f.Code, f.Jobs, f.Retries)),
    ];
}
