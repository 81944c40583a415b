using System.ComponentModel;

namespace CloneHub.Jobs.Reporting;

/// <param name="Count">Jobs that were begun.</param>
internal sealed record QueueWaitRow(
    DateOnly? Day,
    [property: Description("Jobs that were begun; counted on the day on which they were.")] long Count,
    [property: Description("Half of them waited no longer, in milliseconds; off by at most 0.8 %.")] long P50Ms,
    [property: Description("95 % of them waited no longer, in milliseconds; off by at most 0.8 %.")] long P95Ms);

/// <summary>How long jobs wait for a free slot, from the request to the start.</summary>
internal static class QueueWaitReport
{
    private const string ByPeriod = "period";

    public static readonly ReportKind Kind = new(
        "queue-wait", "Waiting for a free slot", "Percentiles (nearest rank) of the time from request to start, of all days together or of each day. Off by at most 0.8 %.",
        [ByPeriod, ReportQuery.ByDay], [ByPeriod], OneGroup: true);

    public static async Task<IReadOnlyList<QueueWaitRow>> RowsAsync(ReportReader reader, ReportQuery query, DateTimeOffset asOf, CancellationToken cancellation)
    {
        var days = await reader.DaysAsync<DurationHistogram>(query, nameof(ReportDay.QueueWait), cancellation);
        if (query.GroupBy.Contains(ReportQuery.ByDay)) return [.. days.SelectMany(day => Row(day.Day, day.Part))];
        return [.. Row(null, DurationHistogram.SumOf(days.Select(day => day.Part)))];
    }

    private static IEnumerable<QueueWaitRow> Row(DateOnly? day, DurationHistogram waited)
    {
        if (waited.Percentile(50) is { } half) yield return new QueueWaitRow(day, waited.Count(), half, waited.Percentile(95)!.Value);
    }
}
