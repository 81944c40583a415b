using System.Text.Json;
using CloneHub.Contracts;
using CloneHub.Jobs.Archive;
using CloneHub.Jobs.GetJobStatus;
using CloneHub.Jobs.Tests.Engine;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace CloneHub.Jobs.Tests.Archive;

[Trait("Needs", "servers")]
public sealed class EventLogTests(Stores stores) : IClassFixture<Stores>
{
    private readonly IReadOnlyList<RecordedEvent> _history = Histories.Whole();
    private readonly JobId _job = Histories.NewJob();

    [Fact]
    public async Task Events_keep_id_moment_order_and_name()
    {
        await StoredAsync(Histories.Entry(_job, _history, 1, 4));
        await StoredAsync(Histories.Entry(_job, _history, 5, _history.Count));

        await using var session = stores.Documents.QuerySession();
        var found = await session.Events.FetchStreamAsync(_job.Value);
        Assert.Equal(_history.Select(r => r.EventId), found.Select(e => e.Id));
        Assert.Equal(_history.Select(r => r.Event.At), found.Select(e => e.Timestamp));
        Assert.Equal(Enumerable.Range(1, _history.Count).Select(n => (long)n), found.Select(e => e.Version));
        Assert.Equal(_history.Select(r => EventNames.Of(r.Event)), found.Select(e => e.EventTypeName));
        Assert.Equal(_history.Select(r => JsonOf(r.Event)), found.Select(e => JsonOf((IJobEvent)e.Data)));
        Assert.Equal(_history.Select(r => EventNames.Of(r.Event)), await NamesInTableAsync());
    }

    /// <summary>It was frozen, or its machine lost its power, within a transaction.</summary>
    [Fact]
    public async Task A_node_that_stands_still_while_it_writes_holds_up_nobody_for_long()
    {
        await StoredAsync(Histories.Entry(_job, _history, 1, 4));
        await using var database = EventLogServices.Database(stores.PostgreSql);
        await using var still = await database.OpenConnectionAsync();
        await using var transaction = await still.BeginTransactionAsync();
        await using var command = new NpgsqlCommand("select version from clonehub.mt_streams where id = $1 for update", still) { Parameters = { new() { Value = _job.Value } } };
        Assert.Equal(4L, await command.ExecuteScalarAsync());

        await StoredAsync(Histories.Entry(_job, _history, 5, _history.Count));

        await Assert.ThrowsAnyAsync<NpgsqlException>(() => transaction.CommitAsync());
    }

    [Theory]
    [InlineData(1, 4, false)]
    [InlineData(1, 4, true)]
    [InlineData(1, 6, true)]
    [InlineData(1, 6, false)]
    [InlineData(3, 6, false)]
    [InlineData(4, 4, true)]
    public async Task What_is_sent_again_arrives_once(int first, int last, bool lookFirst)
    {
        await StoredAsync(Histories.Entry(_job, _history, 1, 4));

        await StoredAsync(Histories.Entry(_job, _history, first, last, lookFirst));

        await HoldsAsync(_job, Math.Max(last, 4));
    }

    [Fact]
    public async Task Many_jobs_go_in_one_batch()
    {
        var jobs = Enumerable.Range(0, 200).Select(_ => (Job: Histories.NewJob(), History: Histories.Whole())).ToList();

        var results = await AppendAsync([.. jobs.Select(j => Histories.Entry(j.Job, j.History, 1, 6))]);

        Assert.All(results, r => Assert.Equal((ArchiveOutcome.Stored, 6), (r.Outcome, r.Version)));
        Assert.Equal(200, results.Select(r => r.Entry.Job).Distinct().Count());
        Assert.Equal(6, (await stores.ArchivedAsync(jobs[137].Job)).Count);
    }

    [Fact]
    public async Task One_bad_stream_stops_no_other()
    {
        var (bad, good) = (Histories.NewJob(), Histories.NewJob());
        var other = Histories.Whole();

        // PostgreSQL refuses the character 0 in JSON.
        var poison = new RecordedEvent(Guid.NewGuid(), new ContentImported(Given.Content, ["\0"], Given.T0));
        var results = await AppendAsync([Histories.Entry(_job, _history, 1, 3), new ArchiveEntry(bad, 1, [_history[0] with { EventId = Guid.NewGuid() }, poison], false), Histories.Entry(good, other, 1, 2)]);

        var failed = Assert.Single(results, r => r.Outcome is ArchiveOutcome.Failed);
        Assert.Equal(bad, failed.Entry.Job);
        Assert.NotNull(failed.Error);
        await HoldsAsync(_job, 3);
        Assert.Equal(other.Take(2).Select(r => r.EventId), (await stores.ArchivedAsync(good)).Select(r => r.EventId));
        Assert.Empty(await stores.ArchivedAsync(bad));
    }

    [Fact]
    public async Task A_gap_is_refused_and_named()
    {
        await StoredAsync(Histories.Entry(_job, _history, 1, 2));

        Assert.Equal(ArchiveOutcome.Gap, Assert.Single(await AppendAsync([Histories.Entry(_job, _history, 4, 5)])).Outcome);

        await HoldsAsync(_job, 2);
    }

    [Fact]
    public async Task Without_PostgreSQL_the_node_is_degraded_and_with_too_much_behind_it_is_unhealthy()
    {
        await using var nowhere = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Username=nobody");
        var lag = new ArchiveLag(TimeProvider.System);
        var health = new EventLogHealth(nowhere, lag, TimeProvider.System);
        Assert.Equal(HealthStatus.Degraded, (await health.CheckHealthAsync(new HealthCheckContext())).Status);

        lag.SetEvents(long.MaxValue);

        Assert.Equal(HealthStatus.Unhealthy, (await health.CheckHealthAsync(new HealthCheckContext())).Status);
    }

    [Fact]
    public async Task A_log_that_is_ahead_says_so()
    {
        await StoredAsync(Histories.Entry(_job, _history, 1, 6));

        var result = Assert.Single(await AppendAsync([Histories.Entry(_job, _history, 1, 4, lookFirst: true)]));

        Assert.Equal((ArchiveOutcome.Ahead, 6), (result.Outcome, result.Version));
        Assert.Equal([_history[4].EventId, _history[5].EventId], (await stores.Log.ReadAsync(_job, 5, CancellationToken.None)).Select(r => r.EventId));
    }

    [Theory]
    [InlineData(4, false)]
    [InlineData(4, true)]
    [InlineData(5, true)]
    [InlineData(5, false)]
    public async Task Another_event_at_the_same_place_is_a_fork(int last, bool lookFirst)
    {
        await StoredAsync(Histories.Entry(_job, _history, 1, 4));
        var other = _history.Select((r, i) => i < 3 ? r : r with { EventId = Guid.NewGuid() }).ToList();

        var result = Assert.Single(await AppendAsync([Histories.Entry(_job, other, lookFirst ? 1 : 4, last, lookFirst)]));

        Assert.Equal(ArchiveOutcome.Forked, result.Outcome);
        await HoldsAsync(_job, 4);
    }

    [Fact]
    public async Task Two_archivers_at_once_leave_one_history()
    {
        var entry = Histories.Entry(_job, _history, 1, 6);

        var results = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => AppendAsync([entry])));

        Assert.Contains(results, r => r[0].Outcome is ArchiveOutcome.Stored);
        await HoldsAsync(_job, 6);
    }

    [Fact]
    public async Task The_status_equals_the_fold_of_the_events()
    {
        foreach (var last in Enumerable.Range(1, _history.Count))
        {
            await StoredAsync(Histories.Entry(_job, _history, last, last));
            var view = (await ViewAsync())!;
            Assert.Equal(last, view.Version);
            Assert.Equal(JsonOf(Histories.Folded(_history.Take(last))), JsonOf(view.Job));
            Assert.Equal(("acme", "shop", view.Job.Status), (view.Tenant, view.CustomerId, view.Status));
        }
    }

    [Fact]
    public async Task A_rebuilt_status_is_the_live_one()
    {
        await StoredAsync(Histories.Entry(_job, _history, 1, 5));
        await StoredAsync(Histories.Entry(_job, _history, 6, 9));
        var live = JsonOf((await ViewAsync())!);
        await using (var session = stores.Documents.LightweightSession())
        {
            session.Delete<JobStatusView>(_job.Value);
            await session.SaveChangesAsync();
        }

        Assert.Null(await ViewAsync());
        await stores.Documents.Advanced.RebuildSingleStreamAsync<JobStatusView>(_job.Value);

        Assert.Equal(live, JsonOf((await ViewAsync())!));
    }

    private async Task StoredAsync(ArchiveEntry entry)
    {
        var result = Assert.Single(await AppendAsync([entry]));
        Assert.Null(result.Error);
        Assert.Equal((ArchiveOutcome.Stored, entry.Last), (result.Outcome, result.Version));
    }

    private Task<IReadOnlyList<ArchiveResult>> AppendAsync(IReadOnlyList<ArchiveEntry> entries) => stores.Log.AppendAsync(entries, CancellationToken.None);

    private async Task HoldsAsync(JobId job, int count) =>
        Assert.Equal(_history.Take(count).Select(r => r.EventId), (await stores.ArchivedAsync(job)).Select(r => r.EventId));

    private async Task<JobStatusView?> ViewAsync()
    {
        await using var session = stores.Documents.QuerySession();
        return await session.LoadAsync<JobStatusView>(_job.Value);
    }

    private async Task<IReadOnlyList<string>> NamesInTableAsync()
    {
        await using var database = NpgsqlDataSource.Create(stores.PostgreSql);
        await using var command = database.CreateCommand($"select type from {EventLog.Schema}.mt_events where stream_id = '{_job}' order by version");
        await using var reader = await command.ExecuteReaderAsync();
        var names = new List<string>();
        while (await reader.ReadAsync()) names.Add(reader.GetString(0));
        return names;
    }

    private static string JsonOf<T>(T value)
        where T : notnull => JsonSerializer.Serialize(value, value.GetType(), EventJson.Options);
}
