using System.ComponentModel;
using CloneHub.Contracts;

namespace CloneHub.Jobs.Reporting;

/// <param name="Count">Attempts that succeeded.</param>
internal sealed record StepDurationsRow(
    DateOnly? Day,
    string Step,
    [property: Description("Attempts that succeeded; only these are measured.")] long Count,
    [property: Description("Half of them took no longer, in milliseconds; off by at most 0.8 %.")] long P50Ms,
    [property: Description("95 % of them took no longer, in milliseconds; off by at most 0.8 %.")] long P95Ms);

/// <summary>How long each step takes, from the start of an attempt to its success.</summary>
internal static class StepDurationsReport
{
    public static readonly ReportKind Kind = new(
        "step-durations", "Durations of steps", "Percentiles (nearest rank) of successful attempts, of all days together unless rows are divided by day. Off by at most 0.8 %. Rows are always divided by step.",
        [ReportQuery.ByStep, ReportQuery.ByDay], [ReportQuery.ByStep]);

    public static async Task<IReadOnlyList<StepDurationsRow>> RowsAsync(ReportReader reader, ReportQuery query, DateTimeOffset asOf, CancellationToken cancellation) =>
    [
        .. (await reader.DaysAsync<Dictionary<CloneStep, DurationHistogram>>(query, nameof(ReportDay.Steps), cancellation))
            .SelectMany(day => day.Part.Select(step => (Day: query.DayOf(day.Day), Step: step.Key, Took: step.Value)))
            .GroupBy(s => (s.Day, s.Step), s => s.Took)
            .OrderBy(group => group.Key.Day).ThenBy(group => group.Key.Step)
            .Select(group => Row(group.Key.Day, group.Key.Step, DurationHistogram.SumOf(group))),
    ];

    private static StepDurationsRow Row(DateOnly? day, CloneStep step, DurationHistogram took) =>
        new(day, ReportQuery.NameOf(step), took.Count(), took.Percentile(50)!.Value, took.Percentile(95)!.Value);
}
