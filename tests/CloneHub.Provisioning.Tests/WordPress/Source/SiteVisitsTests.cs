using CloneHub.Provisioning.WordPress;
using Microsoft.Extensions.Time.Testing;

namespace CloneHub.Provisioning.Tests.WordPress.Source;

public sealed class SiteVisitsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly FakeTimeProvider _clock = new();
    private readonly SiteVisits _visits;

    public SiteVisitsTests() => _visits = new SiteVisits(_clock);

    [Fact]
    public async Task Visits_to_one_site_follow_each_other_and_no_other_site_waits_for_them()
    {
        var first = new Visit();
        var second = new Visit();
        var one = _visits.RunAsync("example.com", first.RunAsync, CancellationToken.None);
        var other = _visits.RunAsync("EXAMPLE.com", second.RunAsync, CancellationToken.None);

        // So many that with a fixed number of locks some would share one.
        foreach (var number in Enumerable.Range(0, 200))
            Assert.Equal(number, await _visits.RunAsync($"site{number}.example", _ => Task.FromResult(number), CancellationToken.None).WaitAsync(Patience));
        Assert.False(second.HasBegun);

        first.End.SetResult(1);
        Assert.Equal(1, await one.WaitAsync(Patience));
        second.End.SetResult(2);
        Assert.Equal(2, await other.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_visit_that_hangs_is_ended_so_that_the_next_one_can_begin()
    {
        var hanging = new Visit();
        var one = _visits.RunAsync("example.com", hanging.RunAsync, CancellationToken.None);
        var next = _visits.RunAsync("example.com", _ => Task.FromResult(2), CancellationToken.None);
        _clock.Advance(SiteVisits.Longest);

        var fault = await Assert.ThrowsAsync<StepFaultException>(() => one.WaitAsync(Patience));
        Assert.Equal(("SOURCE_UNREACHABLE", true), (fault.Fault.Code, fault.Fault.Retryable));
        Assert.Equal(2, await next.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_farewell_waits_a_moment_for_its_turn_and_goes_without()
    {
        var first = new Visit();
        var one = _visits.RunAsync("example.com", first.RunAsync, CancellationToken.None);
        var farewell = new Visit();
        var leaving = _visits.LeaveAsync("example.com", farewell.RunAsync, CancellationToken.None);
        var next = new Visit();
        var other = _visits.RunAsync("example.com", next.RunAsync, CancellationToken.None);
        Assert.False(farewell.HasBegun);

        _clock.Advance(SiteVisits.Courtesy);
        farewell.End.SetResult(2);
        Assert.Equal(2, await leaving.WaitAsync(Patience));

        // The turn it did not have is not given to anybody.
        Assert.False(next.HasBegun);
        first.End.SetResult(1);
        Assert.Equal(1, await one.WaitAsync(Patience));
        next.End.SetResult(3);
        Assert.Equal(3, await other.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_visit_that_failed_or_gave_up_waiting_leaves_the_site_free()
    {
        using var stop = new CancellationTokenSource();
        var first = new Visit();
        var one = _visits.RunAsync("example.com", first.RunAsync, CancellationToken.None);
        var impatient = _visits.RunAsync("example.com", _ => Task.FromResult(0), stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient.WaitAsync(Patience));
        first.End.SetException(new IOException("gone"));
        await Assert.ThrowsAsync<IOException>(() => one.WaitAsync(Patience));
        Assert.Equal(3, await _visits.RunAsync("example.com", _ => Task.FromResult(3), CancellationToken.None).WaitAsync(Patience));
    }

    private sealed class Visit
    {
        public TaskCompletionSource<int> End { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool HasBegun { get; private set; }

        public async Task<int> RunAsync(CancellationToken cancellation)
        {
            HasBegun = true;
            return await End.Task.WaitAsync(cancellation);
        }
    }
}
