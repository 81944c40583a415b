using System.ComponentModel;
using System.Text.Json;
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

    public static async Task<IReadOnlyList<StepDurationsRow>> RowsAsync(ReportReader reader, ReportQuery query, DateTimeOffset asOf, CancellationToken cancellation)
    {
        var byDay = query.GroupBy.Contains(ReportQuery.ByDay);
        var sums = new SortedDictionary<(DateOnly Day, CloneStep Step), DurationHistogram>();
        foreach (var (day, steps) in await reader.DaysAsync<Dictionary<CloneStep, DurationHistogram>>(query, nameof(ReportDay.Steps), cancellation))
        {
            foreach (var (step, histogram) in steps)
            {
                var key = (byDay ? day : default, step);
                if (!sums.TryGetValue(key, out var sum)) sums[key] = sum = new DurationHistogram();
                sum.Add(histogram);
            }
        }

        return
        [
            .. sums.Select(s => new StepDurationsRow(
                byDay ? s.Key.Day : null, JsonNamingPolicy.SnakeCaseLower.ConvertName(s.Key.Step.ToString()),
                s.Value.Count(), s.Value.Percentile(50)!.Value, s.Value.Percentile(95)!.Value)),
        ];
    }
}
