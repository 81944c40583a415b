using CloneHub.Jobs.Reporting;

namespace CloneHub.Jobs.Tests.Reporting;

public sealed class ProjectedEventsTests
{
    [Fact]
    public void Every_event_is_counted_or_ignored_on_purpose()
    {
        var listed = ReportsProjection.Counted.Concat(ReportsProjection.Ignored).ToList();
        var events = EventNames.Entries.Select(e => e.Type).ToList();

        Assert.NotEmpty(events);
        Assert.True(
            !events.Except(listed).Any(),
            $"Neither counted nor ignored by the reports: {string.Join(", ", events.Except(listed).Select(e => e.Name))}. Put each on one list of ReportsProjection, and if it is counted into ReportCounting and ReportedJob.");
        Assert.Empty(listed.Except(events));
        Assert.Equal(listed.Count, listed.Distinct().Count());
    }
}
