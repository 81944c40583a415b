using System.Globalization;
using CloneHub.Contracts;
using CloneHub.Jobs.Reporting;
using CloneHub.Jobs.Tests.Engine;

namespace CloneHub.Jobs.Tests.Reporting;

/// <summary>From events to what a caller reads, each figure against the same counted by hand.</summary>
[Trait("Needs", "servers")]
public sealed class ReportsTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Begin = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Later = Begin.AddDays(40);
    private readonly Traffic _traffic = new(7);
    private ReportLog _log = null!;

    public async Task InitializeAsync()
    {
        _log = await ReportLog.NewAsync();
        await _log.AppendAsync([.. _traffic.Jobs(300, Begin, 10), .. Traffic.Restores(10, Begin)], atATime: 5);
        await _log.CatchUpAsync();
    }

    public async Task DisposeAsync() => await _log.DisposeAsync();

    [Theory]
    [InlineData("acme")]
    [InlineData("globex")]
    public async Task Clones_count_on_the_day_and_for_the_customer_that_they_belong_to(string tenant)
    {
        var rows = await ClonesReport.RowsAsync(_log.Reports, Query(tenant, groups: [ReportQuery.ByDay, ReportQuery.ByCustomer]), Later, default);

        var expected = _traffic.Happened.Where(h => h.Tenant == tenant && h.Event is CloneRequested or IngressReady or JobFailed or Cancelled)
            .Where(h => h.Tenant == tenant)
            .GroupBy(h => (Day: DateOnly.FromDateTime(h.Event.At.UtcDateTime), h.Customer), h => h.Event)
            .ToDictionary(g => g.Key, g => (Count<CloneRequested>(g), Count<IngressReady>(g), Count<JobFailed>(g), Count<Cancelled>(g)));
        var counted = rows.Where(r => r.Requested + r.Completed + r.Failed + r.Cancelled > 0).ToDictionary(r => (r.Day!.Value, r.CustomerId), r => (r.Requested, r.Completed, r.Failed, r.Cancelled));
        Assert.True(expected.Count > 20, $"Only {expected.Count} rows are compared.");
        Assert.Equal(expected.OrderBy(e => e.Key.ToString()), counted.OrderBy(e => e.Key.ToString()));

        static long Count<T>(IEnumerable<IJobEvent> events) => events.Count(e => e is T);
    }

    [Fact]
    public async Task The_customers_add_up_to_the_tenant_and_the_days_to_the_period()
    {
        var whole = Assert.Single(await RowsAsync());
        var byCustomer = await RowsAsync(ReportQuery.ByCustomer);
        var byDay = await RowsAsync(ReportQuery.ByDay);

        Assert.Equal(["shop-1", "shop-2", "shop-3", null], byCustomer.Select(r => r.CustomerId).OrderBy(c => c ?? "~", StringComparer.Ordinal));
        Assert.All([byCustomer, byDay], rows => Assert.Equal(
            (whole.Requested, whole.Completed, whole.Failed, whole.Cancelled),
            (rows.Sum(r => r.Requested), rows.Sum(r => r.Completed), rows.Sum(r => r.Failed), rows.Sum(r => r.Cancelled))));
        Assert.Equal(Math.Round((double)whole.Completed / (whole.Completed + whole.Failed), 4), whole.SuccessRate);
        Assert.Equal(byCustomer.Single(r => r.CustomerId == "shop-2"), (await ClonesReport.RowsAsync(_log.Reports, Query(customer: "shop-2", groups: [ReportQuery.ByCustomer]), Later, default)).Single());

        Task<IReadOnlyList<ClonesRow>> RowsAsync(params string[] groups) => ClonesReport.RowsAsync(_log.Reports, Query(groups: groups), Later, default);
    }

    [Fact]
    public async Task Failures_are_told_by_step_and_code()
    {
        var rows = await FailuresReport.RowsAsync(_log.Reports, Query(groups: [ReportQuery.ByStep]), Later, default);

        var jobs = Of<JobFailed>("acme").GroupBy(f => (f.Step, f.Fault.Code)).ToDictionary(g => g.Key, g => (long)g.Count());
        var retries = Of<StepFailed>("acme").GroupBy(f => ((CloneStep?)f.Step, f.Fault.Code)).ToDictionary(g => g.Key, g => (long)g.Count());
        Assert.NotEmpty(jobs);
        Assert.NotEmpty(retries);
        Assert.Equal(jobs.Keys.Union(retries.Keys).Count(), rows.Count);
        Assert.All(rows, row =>
        {
            var key = (Step(row.Step), row.Code);
            Assert.Equal((jobs.GetValueOrDefault(key), retries.GetValueOrDefault(key)), (row.Jobs, row.Retries));
        });
    }

    [Fact]
    public async Task Durations_of_steps_and_waiting_are_within_the_stated_error()
    {
        var (steps, waits) = Durations("acme");
        var rows = await StepDurationsReport.RowsAsync(_log.Reports, Query(groups: [ReportQuery.ByStep]), Later, default);

        Assert.Equal(Enum.GetValues<CloneStep>().Where(step => step <= CloneStep.Remove), rows.Select(row => Step(row.Step)!.Value));
        Assert.All(rows, row => Near(steps[Step(row.Step)!.Value], row.Count, row.P50Ms, row.P95Ms));
        var wait = Assert.Single(await QueueWaitReport.RowsAsync(_log.Reports, Query(), Later, default));
        Near(waits, wait.Count, wait.P50Ms, wait.P95Ms);
    }

    [Fact]
    public async Task Live_clones_and_clone_hours_are_those_of_the_clones_themselves()
    {
        var served = Served("acme");
        foreach (var group in (string[])[ReportQuery.ByHour, ReportQuery.ByDay])
        {
            // From the third day on: what was live before counts too.
            var length = group == ReportQuery.ByHour ? TimeSpan.FromHours(1) : TimeSpan.FromDays(1);
            var rows = await LiveClonesReport.RowsAsync(_log.Reports, ReportLog.Query("2026-03-03", "2026-03-06", groups: group), Later, default);
            Assert.Equal(TimeSpan.FromDays(4) / length, rows.Count);
            Assert.Contains(rows, row => row.Live > 2);
            Assert.All(rows, row =>
            {
                Assert.Equal(served.Count(s => s.From < row.Time + length && s.To >= row.Time + length), row.Live);
                Assert.Equal(HoursIn(served, row.Time, row.Time + length), row.CloneHours, 0.002);
                Assert.True(row.Peak >= row.Live);
            });
        }

        var quiet = (await LiveClonesReport.RowsAsync(_log.Reports, ReportLog.Query("2026-03-20", "2026-03-21", groups: ReportQuery.ByDay), Later, default))[^1];
        var left = served.Count(s => s.To == DateTimeOffset.MaxValue);
        Assert.Equal((left, left, left * 24), (quiet.Live, quiet.Peak, quiet.CloneHours));
    }

    [Fact]
    public async Task A_clone_that_still_serves_is_counted_up_to_the_moment_the_report_holds()
    {
        await using var log = await ReportLog.NewAsync();
        var events = Histories.Whole().TakeWhile(r => r.Event is not Expired).ToList();
        var serving = events.Single(r => r.Event is IngressReady).Event;
        await log.AppendAsync([(Histories.NewJob(), events)], atATime: 100);
        await log.CatchUpAsync();

        var rows = await LiveClonesReport.RowsAsync(log.Reports, ReportLog.Query("2026-03-01", "2026-03-05", groups: ReportQuery.ByDay), serving.At.AddMinutes(90), default);

        var row = Assert.Single(rows);
        Assert.Equal((1, 1), (row.Live, row.Peak));
        Assert.Equal(1.5, row.CloneHours, 0.002);
    }

    [Fact]
    public async Task A_tenant_sees_nothing_of_another()
    {
        var unknown = ReportLog.Query("2026-01-01", "2026-12-31", tenant: "acm_", groups: [ReportQuery.ByDay, ReportQuery.ByCustomer]);

        Assert.Empty(await ClonesReport.RowsAsync(_log.Reports, unknown, Later, default));
        Assert.Empty(await FailuresReport.RowsAsync(_log.Reports, unknown, Later, default));
        Assert.Empty(await StepDurationsReport.RowsAsync(_log.Reports, unknown, Later, default));
        Assert.Empty(await QueueWaitReport.RowsAsync(_log.Reports, unknown with { GroupBy = [ReportQuery.ByDay] }, Later, default));
        Assert.All(await LiveClonesReport.RowsAsync(_log.Reports, unknown with { GroupBy = [ReportQuery.ByDay] }, Later, default), row => Assert.Equal(0, row.Peak));
    }

    private static ReportQuery Query(string tenant = "acme", string? customer = null, params string[] groups) => ReportLog.Query("2026-02-01", "2026-04-30", tenant, customer, groups);

    private IEnumerable<T> Of<T>(string tenant) => _traffic.Happened.Where(h => h.Tenant == tenant).Select(h => h.Event).OfType<T>();

    private static CloneStep? Step(string? name) => name is null ? null : Enum.Parse<CloneStep>(name.Replace("_", "", StringComparison.Ordinal), ignoreCase: true);

    private static void Near(List<double> exact, long count, long p50, long p95)
    {
        Assert.Equal(exact.Count, count);
        foreach (var (percent, said) in (ReadOnlySpan<(int, long)>)[(50, p50), (95, p95)])
        {
            var there = exact.Order().ElementAt((int)Math.Ceiling(exact.Count * percent / 100.0) - 1);
            Assert.InRange(said, (there * (1 - (1 / 128.0))) - 1, (there * (1 + (1 / 128.0))) + 1);
        }
    }

    /// <summary>Jobs happen one after the other in the list of what happened, so a start belongs to the next end.</summary>
    private (Dictionary<CloneStep, List<double>> Steps, List<double> Waits) Durations(string tenant)
    {
        var steps = Enum.GetValues<CloneStep>().ToDictionary(step => step, _ => new List<double>());
        var waits = new List<double>();
        StepStarted? running = null;
        var requested = default(DateTimeOffset);
        foreach (var e in Of<IJobEvent>(tenant))
        {
            if (e is CloneRequested) (requested, running) = (e.At, null);
            else if (e is Started) waits.Add((e.At - requested).TotalMilliseconds);
            else if (e is StepStarted s) running = s;
            else if (running is not null && e is DatabaseReady or PodReady or ContentImported or PluginActivated or IngressReady or Removed or Cancelled)
            {
                if (running is not null) steps[running.Step].Add((e.At - running.At).TotalMilliseconds);
                running = null;
            }
            else running = null;
        }

        return (steps, waits);
    }

    private List<(DateTimeOffset From, DateTimeOffset To)> Served(string tenant)
    {
        var served = new List<(DateTimeOffset, DateTimeOffset)>();
        DateTimeOffset? since = null;
        foreach (var e in Of<IJobEvent>(tenant).Append(Given.Nothing.When(new RequestClone(Given.Source, tenant, null, Given.Ttl, "f1"))[0]))
        {
            // Some are not over when their record ends.
            if (since is not null && e is Expired or CancelRequested or CloneRequested) served.Add((since.Value, e is CloneRequested ? DateTimeOffset.MaxValue : e.At));
            since = e is IngressReady ? e.At : e is Expired or CancelRequested or CloneRequested ? null : since;
        }

        Assert.True(served.Count > 100, string.Create(CultureInfo.InvariantCulture, $"Only {served.Count} clones served."));
        return served;
    }

    private static double HoursIn(IEnumerable<(DateTimeOffset From, DateTimeOffset To)> served, DateTimeOffset from, DateTimeOffset to) =>
        served.Sum(s => Math.Max(0, ((s.To < to ? s.To : to) - (s.From > from ? s.From : from)).TotalHours));
}
