using System.ComponentModel;

namespace CloneHub.Jobs.Reporting;

/// <param name="Time">Start of the day or hour.</param>
internal sealed record LiveClonesRow(
    [property: Description("Start of the day or hour.")] DateTimeOffset Time,
    [property: Description("Clones that serve at its end, or at as_of if that is earlier.")] long Live,
    [property: Description("The most that served at the start of it or at any full hour in it.")] long Peak,
    [property: Description("Hours that clones served in it, added up: from the moment the public route answers to the end of the clone.")] double CloneHours);

/// <summary>How many clones were live over time, and for how long in sum.</summary>
internal static class LiveClonesReport
{
    private const int HoursOfDay = 24;
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    public static readonly ReportKind Kind = new(
        "live-clones", "Live clones and clone-hours", "Every day or hour (at most 31 days of them) up to as_of has a row. Hours of clones that still serve are counted up to as_of.",
        [ReportQuery.ByDay, ReportQuery.ByHour], [ReportQuery.ByDay], OneGroup: true);

    public static async Task<IReadOnlyList<LiveClonesRow>> RowsAsync(ReportReader reader, ReportQuery query, DateTimeOffset asOf, CancellationToken cancellation)
    {
        var live = await reader.LiveBeforeAsync(query, cancellation);
        var days = (await reader.DaysAsync<Dictionary<int, LiveHour>>(query, nameof(ReportDay.Live), cancellation)).ToDictionary(day => day.Day, day => day.Part);
        var rows = new List<LiveClonesRow>();
        for (var day = query.From; day <= query.To; day = day.AddDays(1))
        {
            var hours = HoursOf(day, days.GetValueOrDefault(day), live, asOf).ToList();
            if (hours.Count == 0) break;
            if (query.GroupBy.Contains(ReportQuery.ByHour)) rows.AddRange(hours.Select(h => h with { CloneHours = Math.Round(h.CloneHours, 3) }));
            else rows.Add(new LiveClonesRow(hours[0].Time, hours[^1].Live, hours.Max(h => h.Peak), Math.Round(hours.Sum(h => h.CloneHours), 3)));
            live = hours[^1].Live;
            if (day == DateOnly.MaxValue) break;
        }

        return rows;
    }

    private static IEnumerable<LiveClonesRow> HoursOf(DateOnly day, Dictionary<int, LiveHour>? changes, long live, DateTimeOffset asOf)
    {
        var start = new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
        for (var hour = 0; hour < HoursOfDay && start < asOf; hour++, start += Hour)
        {
            var change = changes?.GetValueOrDefault(hour) ?? new LiveHour(0, 0);
            var after = live + change.Change;

            // The sums run to the end of the hour. Of an hour that is not over, what has not been yet is taken off again.
            var ahead = start + Hour > asOf ? start + Hour - asOf : TimeSpan.Zero;
            var milliseconds = (live * Hour.TotalMilliseconds) + change.Milliseconds - (after * ahead.TotalMilliseconds);
            yield return new LiveClonesRow(start, after, Math.Max(live, after), Math.Max(0, milliseconds / Hour.TotalMilliseconds));
            live = after;
        }
    }
}
