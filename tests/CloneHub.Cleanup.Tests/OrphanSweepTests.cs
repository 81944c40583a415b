using CloneHub.Contracts;
using CloneHub.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace CloneHub.Cleanup.Tests;

public sealed class OrphanSweepTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _clock = new(Noon);
    private readonly FakeDirectory _jobs = new();
    private readonly FakeInventory _clones = new();
    private readonly CleanupOptions _options = new();

    [Fact]
    public async Task The_clone_of_a_live_job_is_left_alone()
    {
        Existing(1, JobPresence.Live, age: TimeSpan.FromDays(30));

        var report = await SweepAsync();

        Assert.Equal(1, report.Examined);
        Assert.Empty(report.Orphans);
        Assert.Equal([Job(1)], _clones.Left);
    }

    [Fact]
    public async Task What_a_finished_job_left_behind_is_removed()
    {
        Existing(1, JobPresence.Gone, age: TimeSpan.Zero);
        Existing(2, JobPresence.Live, age: TimeSpan.Zero);

        var report = await SweepAsync();

        Assert.Equal([Job(1)], report.Removed);
        Assert.Equal([Job(2)], _clones.Left);
    }

    [Fact]
    public async Task What_no_job_knows_is_removed_once_it_is_old_enough()
    {
        Existing(1, JobPresence.Unknown, age: TimeSpan.Zero);
        _clock.Advance(_options.OrphanAge);
        Assert.Empty((await SweepAsync()).Orphans);

        _clock.Advance(TimeSpan.FromTicks(1));

        Assert.Equal([Job(1)], (await SweepAsync()).Removed);
        Assert.Empty(_clones.Left);
    }

    [Fact]
    public async Task A_dry_run_reports_and_removes_nothing()
    {
        Existing(1, JobPresence.Gone, age: TimeSpan.Zero);

        var report = await NewSweep().RunAsync(dryRun: true, CancellationToken.None);

        Assert.Equal(Job(1), Assert.Single(report.Orphans).Job);
        Assert.Empty(report.Removed);
        Assert.Equal([Job(1)], _clones.Left);
    }

    [Fact]
    public async Task Not_knowing_is_no_reason_to_remove()
    {
        Existing(1, JobPresence.Gone, age: TimeSpan.FromDays(1));
        _jobs.Failure = new TimeoutException("The jobs do not answer.");

        Assert.Empty((await SweepAsync()).Orphans);

        Assert.Equal([Job(1)], _clones.Left);
    }

    [Fact]
    public async Task What_resists_removal_stops_no_other_and_is_removed_by_the_next_sweep()
    {
        Existing(1, JobPresence.Gone, age: TimeSpan.Zero);
        Existing(2, JobPresence.Gone, age: TimeSpan.Zero);
        _clones.Stuck.Add(Job(1));

        var first = await SweepAsync();
        Assert.Equal(2, first.Orphans.Count);
        Assert.Equal([Job(2)], first.Removed);
        _clones.Stuck.Clear();

        Assert.Equal([Job(1)], (await SweepAsync()).Removed);
    }

    [Fact]
    public async Task It_sweeps_now_and_then_and_a_failed_sweep_is_not_the_last()
    {
        _clones.Stuck.Add(Job(1));
        Existing(1, JobPresence.Gone, age: TimeSpan.Zero);
        using var periodic = new PeriodicSweep(NewSweep(), new CleanupDuty { IsHere = true }, Options.Create(_options), _clock, NullLogger<PeriodicSweep>.Instance);
        await periodic.StartAsync(CancellationToken.None);
        _clock.Advance(_options.SweepInterval);
        Assert.Equal([Job(1)], _clones.Left);
        _clones.Stuck.Clear();

        await Eventually.Until("a later sweep has removed it", () =>
        {
            _clock.Advance(_options.SweepInterval);
            return !_clones.Left.Any();
        });
        await periodic.StopAsync(CancellationToken.None);
    }

    [Theory]
    [InlineData(0, 10, "CloneHub:Cleanup:SweepInterval")]
    [InlineData(30, -1, "CloneHub:Cleanup:OrphanAge")]
    [InlineData(30, 10, null)]
    public void A_wrong_setting_is_named(int intervalSeconds, int ageMinutes, string? named)
    {
        var options = new CleanupOptions { SweepInterval = TimeSpan.FromSeconds(intervalSeconds), OrphanAge = TimeSpan.FromMinutes(ageMinutes) };

        var result = new CleanupOptionsCheck().Validate(null, options);

        Assert.Equal(named is null, result.Succeeded);
        if (named is not null) Assert.StartsWith(named, result.FailureMessage, StringComparison.Ordinal);
    }

    private static JobId Job(byte number) => JobId.FromBytes([.. Enumerable.Repeat(number, 16)]);

    private void Existing(byte number, JobPresence presence, TimeSpan age)
    {
        _jobs.Set(Job(number), presence);
        _clones.Add(Job(number), _clock.GetUtcNow() - age);
    }

    private OrphanSweep NewSweep() => new(_clones, _jobs, Options.Create(_options), _clock, NullLogger<OrphanSweep>.Instance);

    private Task<SweepReport> SweepAsync() => NewSweep().RunAsync(_options.DryRun, CancellationToken.None);
}
