using CloneHub.Contracts;
using CloneHub.Jobs.Journal;
using CloneHub.Jobs.Vault;
using StackExchange.Redis;

namespace CloneHub.Jobs.Tests.Journal;

[Collection(SharedRedis.Name)]
[Trait("Needs", "servers")]
public sealed class JobStoreTests(RedisServer redis) : IAsyncLifetime
{
    private static readonly DateTimeOffset Noon = DateTimeOffset.FromUnixTimeMilliseconds(1_900_000_000_000);

    private readonly RedisOptions _options = redis.NewOptions();
    private IConnectionMultiplexer _connection = null!;
    private JobStore _store = null!;

    public async Task InitializeAsync()
    {
        _connection = await redis.ConnectAsync();
        _store = new JobStore(_connection, _options);
    }

    public async Task DisposeAsync() => await _connection.DisposeAsync();

    [Fact]
    public async Task An_accepted_job_is_live_due_at_its_deadline_unarchived_and_has_its_secrets()
    {
        var intake = NewIntake();
        Assert.False(await _store.IsKnownAsync(intake.Job));
        Assert.Equal(IntakeResult.Accepted, await _store.AcceptAsync(intake));
        Assert.True(await _store.IsKnownAsync(intake.Job));
        Assert.True(await _store.IsLiveAsync(intake.Job));
        Assert.Equal([intake.Job], await _store.DueAsync(intake.Deadline, 10));
        Assert.Empty(await _store.DueAsync(intake.Deadline.AddMilliseconds(-1), 10));
        Assert.Equal(0, await _store.ArchivedAsync(intake.Job));
        Assert.Equal(intake.Secrets.Blob, (await _store.SecretsAsync(intake.Job))!.Blob);
    }

    [Fact]
    public async Task A_job_that_is_accepted_again_stays_as_it_was()
    {
        var first = NewIntake();
        await _store.AcceptAsync(first);
        var again = first with { FirstEvent = [9], Secrets = new SealedSecrets([9]), Deadline = first.Deadline.AddDays(1) };
        Assert.Equal(IntakeResult.AlreadyKnown, await _store.AcceptAsync(again));
        Assert.Equal(first.Secrets.Blob, (await _store.SecretsAsync(first.Job))!.Blob);
        Assert.Equal([first.Job], await _store.DueAsync(first.Deadline, 10));
        Assert.Equal(1, await _connection.GetDatabase().SortedSetLengthAsync(new RedisKeys(_options.KeyPrefix).Events(PersistenceId.Of(first.Job))));
    }

    [Fact]
    public async Task Of_many_that_accept_one_job_at_once_exactly_one_does()
    {
        var intake = NewIntake();
        var results = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => _store.AcceptAsync(intake)));
        Assert.Single(results, IntakeResult.Accepted);
    }

    [Fact]
    public async Task A_forgotten_job_leaves_nothing_but_its_number_and_is_never_accepted_again()
    {
        var intake = NewIntake();
        await _store.AcceptAsync(intake);
        await _store.RaiseProgressAsync(intake.Job, 40);
        await _store.ForgetAsync(intake.Job);
        await _store.SetArchivedAsync(intake.Job, 5);
        Assert.False(await _store.IsLiveAsync(intake.Job));
        Assert.Empty(await _store.DueAsync(DateTimeOffset.MaxValue, 10));
        Assert.Null(await _store.SecretsAsync(intake.Job));
        Assert.Equal(0, await _store.ArchivedAsync(intake.Job));
        Assert.Equal(0, await _store.ProgressAsync(intake.Job));
        Assert.Equal(IntakeResult.AlreadyKnown, await _store.AcceptAsync(intake));
        Assert.Empty((await _store.LiveAsync(LivePosition.Start, 10)).Jobs);
    }

    [Fact]
    public async Task Live_jobs_come_in_pages_the_oldest_first_though_many_share_a_millisecond()
    {
        var intakes = Enumerable.Range(0, 25).Select(number => NewIntake(Noon.AddMilliseconds(number / 10))).ToList();
        foreach (var intake in intakes) await _store.AcceptAsync(intake);
        var pages = await PagesAsync(limit: 4);
        Assert.Equal(7, pages.Count);
        var jobs = pages.SelectMany(page => page.Jobs).ToList();
        Assert.Equal(25, jobs.Distinct().Count());
        Assert.Equal(25, jobs.Count);
        Assert.Equal(
            [.. intakes.Select(intake => intake.AcceptedAt)], jobs.Select(job => intakes.Single(intake => intake.Job == job).AcceptedAt));
    }

    [Fact]
    public async Task A_job_that_leaves_between_two_pages_hides_no_other()
    {
        var intakes = Enumerable.Range(0, 6).Select(_ => NewIntake()).ToList();
        foreach (var intake in intakes) await _store.AcceptAsync(intake);
        var first = await _store.LiveAsync(LivePosition.Start, 3);
        await _store.RemoveLiveAsync(first.Jobs[0]);
        await _store.RemoveLiveAsync(first.Jobs[2]);
        var rest = await _store.LiveAsync(first.Next, 10);
        Assert.Equal(intakes.Select(intake => intake.Job).ToHashSet(), first.Jobs.Concat(rest.Jobs).ToHashSet());
    }

    [Fact]
    public async Task Deadlines_move_and_the_earliest_comes_first()
    {
        var (a, b, c) = (NewIntake(), NewIntake(), NewIntake());
        foreach (var intake in new[] { a, b, c }) await _store.AcceptAsync(intake);
        await _store.SetDeadlineAsync(a.Job, Noon.AddHours(3));
        await _store.SetDeadlineAsync(b.Job, Noon.AddHours(2));
        await _store.RemoveDeadlineAsync(c.Job);
        Assert.Equal([b.Job, a.Job], await _store.DueAsync(Noon.AddHours(3), 10));
        Assert.Equal([b.Job], await _store.DueAsync(Noon.AddHours(3), 1));
    }

    [Fact]
    public async Task The_archived_number_and_the_progress_never_fall()
    {
        var job = NewIntake().Job;
        await _store.AddLiveAsync(job, Noon);
        await _store.SetArchivedAsync(job, 12);
        await _store.SetArchivedAsync(job, 9);
        Assert.Equal(12, await _store.ArchivedAsync(job));
        Assert.Equal(40, await _store.RaiseProgressAsync(job, 40));
        Assert.Equal(40, await _store.RaiseProgressAsync(job, 5));
        Assert.Equal(41, await _store.RaiseProgressAsync(job, 41));
        Assert.Equal(41, await _store.ProgressAsync(job));
    }

    [Fact]
    public async Task Secrets_are_replaced_only_where_they_are_what_was_read()
    {
        var intake = NewIntake();
        await _store.AcceptAsync(intake);
        var next = new SealedSecrets([7, 7]);
        Assert.False(await _store.ReplaceSecretsAsync(intake.Job, next, next));
        Assert.True(await _store.ReplaceSecretsAsync(intake.Job, intake.Secrets, next));
        Assert.Equal(next.Blob, (await _store.SecretsAsync(intake.Job))!.Blob);
        await _store.DeleteSecretsAsync(intake.Job);
        Assert.False(await _store.ReplaceSecretsAsync(intake.Job, next, intake.Secrets));
        Assert.Null(await _store.SecretsAsync(intake.Job));
    }

    [Fact]
    public async Task The_load_counts_live_jobs_and_events_that_the_event_log_lacks()
    {
        var intakes = Enumerable.Range(0, 5).Select(_ => NewIntake()).ToList();
        foreach (var intake in intakes) await _store.AcceptAsync(intake);
        await _store.SetArchivedAsync(intakes[0].Job, 1);
        await _connection.GetDatabase().StringSetAsync(new RedisKeys(_options.KeyPrefix).Highest(PersistenceId.Of(intakes[1].Job)), 4);
        var load = await _store.MeasureLoadAsync();
        Assert.Equal(5, load.LiveJobs);
        Assert.Equal(7, load.UnarchivedEvents);
        Assert.InRange(load.MemoryRatio, 0.000_001, 1);
    }

    private static Intake NewIntake(DateTimeOffset? at = null)
    {
        var accepted = at ?? Noon;
        return new Intake(IdempotentJobId.New(), [1, 2, 3, 0, 255], new SealedSecrets([5, 0, 254]), accepted, accepted.AddHours(1));
    }

    private async Task<List<LivePage>> PagesAsync(int limit)
    {
        var pages = new List<LivePage>();
        for (var page = await _store.LiveAsync(LivePosition.Start, limit); page.Jobs.Count > 0; page = await _store.LiveAsync(page.Next, limit)) pages.Add(page);
        return pages;
    }
}
