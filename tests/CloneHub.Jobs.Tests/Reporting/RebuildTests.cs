using CloneHub.Jobs.Projections;
using CloneHub.Jobs.Reporting;
using CloneHub.Testing;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace CloneHub.Jobs.Tests.Reporting;

/// <summary>Views can be thrown away: what comes back is what was there, whoever else is at work meanwhile and whoever is killed.</summary>
[Trait("Needs", "servers")]
public sealed class RebuildTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Begin = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly Traffic _traffic = new(11);
    private ReportLog _log = null!;

    public async Task InitializeAsync() => _log = await ReportLog.NewAsync();

    public async Task DisposeAsync() => await _log.DisposeAsync();

    [Fact]
    public async Task What_is_rebuilt_is_byte_for_byte_what_was_live()
    {
        await _log.Runner.StartAsync(default);
        for (var part = 0; part < 5; part++)
        {
            await _log.AppendAsync([.. _traffic.Jobs(40, Begin.AddDays(part), 2), .. Traffic.Restores(3, Begin.AddDays(part))]);
            await _log.UntilCaughtUpAsync();
        }

        await _log.Runner.StopAsync(default);
        var live = await _log.DumpAsync();

        Assert.Equal(0, await CommandAsync("rebuild"));

        Assert.True(live.Count > 250, $"Only {live.Count} documents are compared.");
        Assert.Equal(live, await _log.DumpAsync());
        Assert.Empty(await _log.DumpAsync("mt_doc_rebuild_mark"));
    }

    /// <summary>Where a connection breaks while events are appended, Marten fills the gap in their numbers by an event in a stream of its own.</summary>
    [Fact]
    public async Task A_gap_that_a_broken_append_left_is_no_job()
    {
        await _log.AppendAsync(_traffic.Jobs(5, Begin, 1));
        await using (var filling = _log.Get<NpgsqlDataSource>().CreateCommand(
            """
            insert into clonehub.mt_streams select (jsonb_populate_record(null::clonehub.mt_streams, to_jsonb(s) || '{"id": "mt_tombstone"}')).* from (select * from clonehub.mt_streams limit 1) s;
            insert into clonehub.mt_events select (jsonb_populate_record(null::clonehub.mt_events, to_jsonb(e) || jsonb_build_object(
                'id', gen_random_uuid(), 'seq_id', nextval('clonehub.mt_events_sequence'), 'stream_id', 'mt_tombstone', 'version', 1, 'type', 'tombstone',
                'mt_dotnet_type', 'JasperFx.Events.Tombstone, JasperFx.Events', 'data', '{}'::jsonb))).* from (select * from clonehub.mt_events limit 1) e
            """))
        {
            await filling.ExecuteNonQueryAsync();
        }

        await _log.CatchUpAsync();
        var live = await _log.DumpAsync();

        Assert.Equal(0, await CommandAsync("rebuild"));

        Assert.Equal(live, await _log.DumpAsync());
        Assert.Equal(5, await RequestedAsync());
    }

    [Fact]
    public async Task While_daemons_run_and_views_are_emptied_again_and_again_nothing_is_counted_twice()
    {
        await using var other = _log.Again();
        await _log.Runner.StartAsync(default);
        await other.Runner.StartAsync(default);
        for (var part = 0; part < 6; part++)
        {
            var appending = _log.AppendAsync(_traffic.Jobs(60, Begin.AddDays(part), 3), atATime: 2);
            while (!appending.IsCompleted) await Deadlock.RetriedAsync(() => _log.Get<ReportsRebuild>().EmptyAsync(default));
            await appending;
        }

        await _log.UntilCaughtUpAsync();
        await _log.Runner.StopAsync(default);
        await other.Runner.StopAsync(default);
        var live = await _log.DumpAsync();

        await _log.Get<ReportsRebuild>().EmptyAsync(default);
        await _log.CatchUpAsync();
        Assert.Equal(live, await _log.DumpAsync());
        Assert.Equal(360, await RequestedAsync());
    }

    /// <summary>The page of a daemon as two statements, held between them and its commit: the moment in which views could be counted twice.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_page_that_is_under_way_when_the_views_are_emptied_leaves_nothing_behind(bool progressWasMoved)
    {
        await _log.AppendAsync(_traffic.Jobs(5, Begin, 1), atATime: 100);
        await _log.CatchUpAsync();
        await using var page = await _log.Get<NpgsqlDataSource>().OpenConnectionAsync();
        await using var transaction = await page.BeginTransactionAsync();
        Assert.Equal(1, await InPageAsync("insert into clonehub.mt_doc_report_day (id, data) select 'late', data from clonehub.mt_doc_report_day limit 1"));
        if (progressWasMoved) Assert.Equal(1, await MoveAsync());

        var emptied = _log.Get<ReportsRebuild>().EmptyAsync(default);
        if (progressWasMoved)
        {
            await Eventually.Until("the rebuild waits for the page", async () => await _log.CountAsync("select count(*) from pg_locks where not granted") > 0);
            await transaction.CommitAsync();
            await emptied;
        }
        else
        {
            await emptied;
            Assert.Equal(0, await MoveAsync());
            await transaction.RollbackAsync();
        }

        Assert.Empty(await _log.DumpAsync(ReportsSchema.Days));
        Assert.Equal(0, await _log.CountAsync("select count(*) from clonehub.mt_event_progression where name = 'Reports:All'"));

        // As Marten moves it: only from where the page began.
        Task<int> MoveAsync() => InPageAsync("update clonehub.mt_event_progression set last_seq_id = last_seq_id + 1 where name = 'Reports:All'");

        async Task<int> InPageAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, page, transaction);
            return await command.ExecuteNonQueryAsync();
        }
    }

    [Fact]
    public async Task A_rebuild_that_was_killed_goes_on_where_it_was()
    {
        await _log.AppendAsync(_traffic.Jobs(60, Begin, 3));
        await _log.CatchUpAsync();
        var live = await _log.DumpAsync();
        await _log.Get<ReportsRebuild>().EmptyAsync(default);
        Assert.NotEqual(live, await _log.DumpAsync());
        var output = new StringWriter();

        Assert.Equal(0, await ProjectionCommands.RunAsync(_log.Get<IServiceProvider>(), ["rebuild", "Reports"], output, TextWriter.Null, default));

        Assert.Contains("Reports: a rebuild was left unfinished; it goes on.", output.ToString(), StringComparison.Ordinal);
        Assert.Equal(live, await _log.DumpAsync());
    }

    [Fact]
    public async Task A_rebuild_of_the_statuses_puts_right_what_is_wrong_and_goes_on_after_a_kill()
    {
        var jobs = _traffic.Jobs(450, Begin, 3).ToList();
        var (late, all) = jobs.Select(j => (j.Job, j.Events)).First(j => j.Events.Count > 8);
        await _log.AppendAsync([.. jobs.Where(j => j.Job != late), (late, [.. all.Take(5)])], atATime: 100);
        var live = await _log.DumpAsync("mt_doc_job_status");
        Assert.Equal(100, await _log.ExecuteAsync("delete from clonehub.mt_doc_job_status where id in (select id from clonehub.mt_doc_job_status order by id desc limit 100)"));
        Assert.Equal(350, await _log.ExecuteAsync("update clonehub.mt_doc_job_status set data = data || '{\"status\": \"wrong\"}'"));
        var rebuild = _log.Get<JobStatusRebuild>();
        var (killed, looked) = await rebuild.NextAsync(new RebuildMark { Id = JobStatusRebuild.Name, PassBegan = Begin }, default);
        Assert.Equal((200, 200), (looked, killed.Rewritten));
        var output = new StringWriter();

        await rebuild.RunAsync(output, default);

        Assert.Contains($"a rebuild was left unfinished; it goes on after {killed.Cursor}.", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("250 jobs looked at, 450 written anew.", output.ToString(), StringComparison.Ordinal);
        Assert.Equal(live, await _log.DumpAsync("mt_doc_job_status"));
        var rest = await _log.Log.AppendAsync([Engine.Histories.Entry(late, all, 6, all.Count)], default);
        Assert.Null(Assert.Single(rest).Error);
        Assert.Contains($"\"version\": {all.Count}", Assert.Single(await _log.DumpAsync("mt_doc_job_status"), line => line.StartsWith(late.Value, StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_job_that_goes_on_while_its_status_is_rebuilt_ends_up_right()
    {
        var jobs = _traffic.Jobs(150, Begin, 3);
        var appending = _log.AppendAsync(jobs, atATime: 1);
        while (!appending.IsCompleted) await _log.Get<JobStatusRebuild>().RunAsync(TextWriter.Null, default);
        await appending;
        var live = await _log.DumpAsync("mt_doc_job_status");

        await _log.Get<JobStatusRebuild>().RunAsync(TextWriter.Null, default);

        Assert.Equal(live, await _log.DumpAsync("mt_doc_job_status"));
        Assert.All(jobs, j => Assert.Contains($"\"version\": {j.Events.Count}", live.Single(line => line.StartsWith(j.Job.Value, StringComparison.Ordinal)), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData]
    [InlineData("rebuild", "Nonsense")]
    [InlineData("rebuild", "Reports", "JobStatus")]
    public async Task An_unknown_order_says_what_there_is(params string[] args)
    {
        var errors = new StringWriter();

        Assert.Equal(64, await ProjectionCommands.RunAsync(_log.Get<IServiceProvider>(), args, TextWriter.Null, errors, default));

        Assert.Contains("projections rebuild [Reports|JobStatus]", errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_projection_that_is_behind_shows_in_health_status_and_reports()
    {
        var history = Engine.Histories.Whole();
        var clock = new FakeTimeProvider(history[^1].Event.At.AddSeconds(20));
        var progress = new ProjectionProgress(_log.Get<NpgsqlDataSource>(), clock);
        var health = new ProjectionHealth(progress, _log.Runner, clock);
        await _log.AppendAsync([(Engine.Histories.NewJob(), history)], atATime: 100);

        Assert.Equal(history[0].Event.At, (await progress.OfAsync(ReportsProjection.ProjectionName, default)).AsOf);
        var behind = await health.CheckHealthAsync(new HealthCheckContext());
        Assert.Equal((HealthStatus.Degraded, true), (behind.Status, behind.Description!.Contains("at event 0 of", StringComparison.Ordinal)));

        await _log.CatchUpAsync();
        Assert.Equal(clock.GetUtcNow(), (await progress.OfAsync(ReportsProjection.ProjectionName, default)).AsOf);
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync(new HealthCheckContext())).Status);
        var output = new StringWriter();
        Assert.Equal(0, await ProjectionCommands.RunAsync(_log.Get<IServiceProvider>(), ["status"], output, TextWriter.Null, default));
        Assert.Contains($"Reports: at event {history.Count} of {history.Count};", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_that_cannot_be_counted_stops_the_reports_with_a_reason_and_goes_on_once_it_can()
    {
        var jobs = _traffic.Jobs(10, Begin, 1);
        await _log.AppendAsync(jobs, atATime: 100);
        await _log.ExecuteAsync("alter table clonehub.mt_doc_report_day add constraint broken check (requested < 0)");
        await _log.Runner.StartAsync(default);

        await Eventually.Until("the runner has noticed", () => _log.Runner.Trouble is not null, TimeSpan.FromSeconds(30));
        var health = new ProjectionHealth(_log.Get<ProjectionProgress>(), _log.Runner, TimeProvider.System);
        var trouble = await health.CheckHealthAsync(new HealthCheckContext());
        Assert.Equal(HealthStatus.Degraded, trouble.Status);
        Assert.Contains("Reports stand still at event 0", trouble.Description, StringComparison.Ordinal);

        await _log.ExecuteAsync("alter table clonehub.mt_doc_report_day drop constraint broken");
        await _log.UntilCaughtUpAsync();
        await Eventually.Until("the trouble is over", () => _log.Runner.Trouble is null, TimeSpan.FromSeconds(30));
        Assert.Equal(10, await RequestedAsync());
    }

    private Task<int> CommandAsync(params string[] args) => ProjectionCommands.RunAsync(_log.Get<IServiceProvider>(), args, TextWriter.Null, TextWriter.Null, default);

    private async Task<long> RequestedAsync()
    {
        var sum = 0L;
        foreach (var tenant in (string[])["acme", "globex"])
            sum += (await _log.Reports.CountsAsync(ReportLog.Query("2026-01-01", "2026-12-31", tenant), default)).Sum(c => c.Requested);
        return sum;
    }
}
