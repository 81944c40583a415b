using CloneHub.Contracts;
using CloneHub.Jobs.Api;
using CloneHub.Jobs.FollowJob;
using CloneHub.Jobs.GetJobStatus;
using CloneHub.Testing;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace CloneHub.Jobs.Tests.Follow;

/// <summary>An answer that is held back until there is something to tell.</summary>
public sealed class StatusWaitTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new(Given.T0);
    private readonly JobNews _news = new();
    private readonly Now _now = new();
    private readonly ApplicationLifetime _lifetime = new(NullLogger<ApplicationLifetime>.Instance);
    private readonly CancellationTokenSource _client = new();

    [Theory]
    [InlineData("wait=10", 10)]
    [InlineData("Wait = 10", 10)]
    [InlineData("respond-async, wait=\"10\"; x=1", 10)]
    [InlineData("wait=0", 0)]
    [InlineData("wait=3600", 60)]
    [InlineData("wait=4294967295", 60)]
    [InlineData("wait=-1", null)]
    [InlineData("wait=soon", null)]
    [InlineData("wait", null)]
    [InlineData("respond-async", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void The_time_a_caller_would_wait_is_read_from_its_preferences(string? prefer, int? seconds) => Assert.Equal(seconds, StatusWait.Preferred(prefer));

    [Fact]
    public async Task What_is_new_is_answered_at_once() =>
        Assert.Equal(1, (await Wait(seenUpTo: 0)).Version);

    [Fact]
    public async Task An_answer_comes_with_the_change()
    {
        var waiting = Wait(seenUpTo: 1);
        await Eventually.Until("the job was read", () => _now.Reads > 0);
        Assert.False(waiting.IsCompleted);

        _news.Stir(job => job == Given.Id);
        await PassUntilAsync("the job was read again", () => _now.Reads > 1);
        Assert.False(waiting.IsCompleted);

        _now.Job = _now.Job with { Version = 2 };
        _news.Stir(job => job == Given.Id);
        await PassUntilAsync("the change is answered", () => waiting.IsCompleted);
        Assert.Equal(2, (await waiting).Version);
    }

    [Fact]
    public async Task However_often_there_is_news_the_job_is_not_read_more_than_five_times_a_second()
    {
        var waiting = Wait(seenUpTo: 1);
        await Eventually.Until("the job was read", () => _now.Reads == 1);

        await Eventually.Until("the job was read six times", () =>
        {
            _news.Stir(job => job == Given.Id);
            if (_now.Reads < 6) _clock.Advance(TimeSpan.FromMilliseconds(50));
            return _now.Reads == 6;
        });

        Assert.True(_clock.GetUtcNow() - Given.T0 >= TimeSpan.FromSeconds(1));
        Assert.False(waiting.IsCompleted);
    }

    [Fact]
    public async Task A_change_between_the_look_and_the_wait_is_not_missed()
    {
        var seen = _now.Job;
        _now.Job = seen with { Version = 2 };

        Assert.Equal(2, (await Wait(seenUpTo: 1, first: seen)).Version);
    }

    [Fact]
    public async Task When_the_time_is_over_the_job_is_told_as_it_is()
    {
        var waiting = Wait(seenUpTo: 1);
        await Eventually.Until("the time is over", () =>
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            return waiting.IsCompleted;
        });

        Assert.Equal(1, (await waiting).Version);
        Assert.True(_clock.GetUtcNow() - Given.T0 >= TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task A_job_whose_clone_is_gone_is_not_waited_for()
    {
        _now.Job = _now.Job with { IsTerminal = true };

        await Wait(seenUpTo: 1).WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task When_the_program_stops_the_job_is_told_as_it_is()
    {
        var waiting = Wait(seenUpTo: 1);
        await Eventually.Until("the job was read", () => _now.Reads > 0);

        _lifetime.StopApplication();

        Assert.Equal(1, (await waiting.WaitAsync(TimeSpan.FromSeconds(10))).Version);
    }

    [Fact]
    public async Task Nobody_waits_for_a_client_that_has_gone()
    {
        var waiting = Wait(seenUpTo: 1);

        await _client.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    public void Dispose() => _client.Dispose();

    private Task PassUntilAsync(string what, Func<bool> condition) => Eventually.Until(what, () =>
    {
        _clock.Advance(TimeSpan.FromMilliseconds(100));
        return condition();
    });

    private Task<JobSnapshot> Wait(long seenUpTo, JobSnapshot? first = null) =>
        new StatusWait(_now, _news, _clock, _lifetime).NextAsync(first ?? _now.Job, job => job.Version <= seenUpTo, TimeSpan.FromSeconds(20), _client.Token);

    private sealed class Now : IJobReader
    {
        private int _reads;

        public volatile JobSnapshot Job = JobSnapshots.Of(Given.Id, Given.AJobIn(Stage.Requested).Job, version: 1);

        public int Reads => Volatile.Read(ref _reads);

        public Task<JobSnapshot?> ReadAsync(JobId job, long seen, CancellationToken cancellation)
        {
            Interlocked.Increment(ref _reads);
            return Task.FromResult<JobSnapshot?>(Job);
        }
    }
}
