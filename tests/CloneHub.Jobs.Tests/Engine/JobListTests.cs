using CloneHub.Contracts;
using CloneHub.Jobs.Api;
using CloneHub.Jobs.GetJobStatus;
using CloneHub.Jobs.ListJobs;
using CloneHub.Testing;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace CloneHub.Jobs.Tests.Engine;

/// <summary>Pages of jobs over the real projection.</summary>
[Trait("Needs", "servers")]
public sealed class JobListTests(Stores stores) : JobKit(stores, stores.NewCorner())
{
    private readonly string _tenant = ServersFixture.Unique("t");
    private readonly NewJobs _new = new();

    [Fact]
    public async Task Pages_hold_every_job_once_the_newest_first()
    {
        // Three of the same moment: only their ids tell their order.
        foreach (var second in (int[])[0, 1, 1, 1, 2, 3, 4]) await ArchivedAsync(Given.T0.AddSeconds(second));

        foreach (var limit in (int[])[1, 2, 3, 7, 8])
        {
            var pages = await PagesAsync(limit);

            Assert.Equal(7, pages.SelectMany(p => p).Select(j => j.Job).Distinct().Count());
            Assert.All(pages.SkipLast(1), page => Assert.Equal(limit, page.Count));
            var times = pages.SelectMany(p => p).Select(j => j.CreatedAt).ToList();
            Assert.Equal(times.OrderDescending(), times);
        }
    }

    [Fact]
    public async Task A_job_accepted_while_somebody_leafs_through_shifts_nothing()
    {
        for (var second = 0; second < 4; second++) await ArchivedAsync(Given.T0.AddSeconds(second));
        var first = await ListAsync(limit: 2);
        await ArchivedAsync(Given.T0.AddSeconds(10));
        _new.Add(Fresh(Given.T0.AddSeconds(11)));

        var second2 = await ListAsync(limit: 2, after: first.Next);

        Assert.Empty(first.Jobs.Select(j => j.Job).Intersect(second2.Jobs.Select(j => j.Job)));
        Assert.Equal(Given.T0.AddSeconds(1), second2.Jobs[0].CreatedAt, TimeSpan.FromSeconds(0.5));
        Assert.Null(second2.Next);
    }

    [Fact]
    public async Task A_job_that_the_projection_does_not_hold_yet_is_in_its_place()
    {
        await ArchivedAsync(Given.T0);
        var fresh = Fresh(Given.T0.AddSeconds(1));
        _new.Add(fresh);
        await ArchivedAsync(Given.T0.AddSeconds(2));

        Assert.Equal(fresh.Job, (await PagesAsync(1))[1].Single().Job);
        Assert.Equal([fresh.Job], (await ListAsync(status: JobStatus.Pending)).Jobs.Select(j => j.Job));
        Assert.DoesNotContain(fresh.Job, (await ListAsync(status: JobStatus.Completed)).Jobs.Select(j => j.Job));
    }

    [Fact]
    public async Task Once_the_projection_holds_a_job_it_alone_is_told()
    {
        var job = await ArchivedAsync(Given.T0);
        _new.Add(Fresh(Given.T0) with { Job = job });

        Assert.Equal(JobStatus.Completed, Assert.Single((await ListAsync()).Jobs).Status);
        Assert.Empty(_new.Of(_tenant));
    }

    [Fact]
    public async Task Only_what_was_asked_for_is_listed()
    {
        var serving = await ArchivedAsync(Given.T0, customer: "shop");
        var waiting = await ArchivedAsync(Given.T0, customer: "blog", only: 1);
        var stranger = ServersFixture.Unique("t");
        await ArchivedAsync(Given.T0, customer: "shop", tenant: stranger);
        _new.Add(Fresh(Given.T0) with { Tenant = stranger });

        Assert.Equal([serving], (await ListAsync(customer: "shop")).Jobs.Select(j => j.Job));
        Assert.Equal([waiting], (await ListAsync(status: JobStatus.Pending)).Jobs.Select(j => j.Job));
        Assert.Empty((await ListAsync(status: JobStatus.Completed, customer: "blog")).Jobs);
        Assert.Equal(2, (await ListAsync()).Jobs.Count);
    }

    [Fact]
    public async Task Progress_is_told_as_the_status_tells_it()
    {
        var job = await ArchivedAsync(Given.T0, only: 1);
        await Store.RaiseProgressAsync(job, 47);

        Assert.Equal(47, Assert.Single((await ListAsync()).Jobs).Progress);
    }

    [Theory]
    [InlineData("d.tenant = 'x'")]
    [InlineData("d.tenant = 'x' and d.customer_id = 'y'")]
    [InlineData("d.tenant = 'x' and d.status = 'failed' and (d.created_at, d.id) < (now(), 'job')")]
    public async Task A_page_is_read_off_an_index_in_its_order(string where)
    {
        await using var database = NpgsqlDataSource.Create(Stores.PostgreSql);
        await using var command = database.CreateCommand(
            $"set enable_seqscan = off; set enable_bitmapscan = off; set enable_sort = off; explain select d.data from clonehub.mt_doc_job_status d where {where} order by d.created_at desc, d.id desc limit 51");
        await using var reader = await command.ExecuteReaderAsync();
        var plan = new List<string>();
        while (await reader.ReadAsync()) plan.Add(reader.GetString(0));

        Assert.Contains(plan, line => line.Contains("Index Scan Backward using job_status_by_", StringComparison.Ordinal));
        Assert.DoesNotContain(plan, line => line.Contains("Sort", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_PostgreSQL_a_list_is_not_guessed()
    {
        var target = new NpgsqlConnectionStringBuilder(Stores.PostgreSql);
        using var line = new Relay(target.Port);
        line.Cut();
        target.Port = line.Port;
        await using var services = Stores.EventLogAt(target.ConnectionString);

        var refused = await Assert.ThrowsAsync<UnavailableException>(() => ListAsync(documents: services.GetRequiredService<IDocumentStore>()));

        Assert.Equal(UnavailableException.Store, refused.Code);
    }

    [Fact]
    public void A_cursor_is_read_as_it_was_written_and_nothing_else_is_one()
    {
        var cursor = new JobCursor(Given.T0.AddMicroseconds(7), Given.Id);

        Assert.True(JobCursor.TryParse(cursor.ToString(), out var read));
        Assert.Equal(cursor, read);
        foreach (var other in (string[])["", "x", "0", cursor + "A", cursor.ToString()[..^1], cursor + "=", cursor + " ", new string('A', 128), new string('A', 4000)])
            Assert.False(JobCursor.TryParse(other, out _), other);
    }

    private async Task<JobId> ArchivedAsync(DateTimeOffset at, string? customer = null, string? tenant = null, int? only = null)
    {
        var job = Histories.NewJob();
        var history = Histories.Until(Stage.Removed, new RequestClone(Given.Source, tenant ?? _tenant, customer, Given.Ttl, "f1"), at);
        await Stores.Log.AppendAsync([Histories.Entry(job, history, 1, only ?? history.Count)], CancellationToken.None);
        return job;
    }

    private JobSnapshot Fresh(DateTimeOffset at)
    {
        var requested = CloneJob.None.Decide(new RequestClone(Given.Source, _tenant, null, Given.Ttl, "f1"), at).Single();
        return JobSnapshots.Of(Histories.NewJob(), CloneJob.None.Apply(requested), version: 1);
    }

    private async Task<List<IReadOnlyList<JobSnapshot>>> PagesAsync(int limit)
    {
        var pages = new List<IReadOnlyList<JobSnapshot>>();
        for (JobCursor? after = null; ;)
        {
            var page = await ListAsync(limit: limit, after: after);
            pages.Add(page.Jobs);
            if (page.Next is null) return pages;
            after = page.Next;
        }
    }

    private Task<JobPage> ListAsync(JobStatus? status = null, string? customer = null, JobCursor? after = null, int limit = 50, IDocumentStore? documents = null) =>
        new JobList(documents ?? Stores.Documents, Store, _new, TimeProvider.System, NullLogger<JobList>.Instance)
            .ListAsync(new JobFilter(_tenant, status, customer, after, limit), CancellationToken.None);
}
