using CloneHub.Contracts;
using CloneHub.Jobs.Api;
using CloneHub.Jobs.FollowJob;
using CloneHub.Jobs.GetJobStatus;
using CloneHub.Jobs.Tests.Engine;
using CloneHub.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Time.Testing;

namespace CloneHub.Jobs.Tests.Follow;

/// <summary>The stream of one job's events over a history and a client in the test's hand.</summary>
public sealed class JobEventStreamTests : IDisposable
{
    private static readonly JobId Job = Given.Id;

    private readonly FakeTimeProvider _clock = new(Given.T0);
    private readonly JobNews _news = new();
    private readonly Written _history = new();
    private readonly Wire _wire = new();
    private readonly Connection _connection = new();
    private readonly DefaultHttpContext _context = new();

    public JobEventStreamTests()
    {
        _context.RequestServices = new ServiceCollection().AddLogging().AddJobsApi(new ConfigurationBuilder().Build())
            .AddSingleton<IHostApplicationLifetime, ApplicationLifetime>().BuildServiceProvider();
        _context.Response.Body = _wire;
        _context.Features.Set<IHttpRequestLifetimeFeature>(_connection);
    }

    [Fact]
    public async Task Every_event_comes_once_and_in_order_however_often_the_stream_is_woken()
    {
        var all = Histories.Whole();
        _history.Visible = 3;
        var running = Stream();
        for (var visible = 3; visible <= all.Count; visible++)
        {
            _history.Visible = visible;
            Tell(visible);
            Tell(visible);
            await ReachesAsync(visible);
        }

        await running;
        Assert.Equal(Enumerable.Range(1, all.Count), _wire.Ids);
        Assert.Equal("text/event-stream", _context.Response.ContentType);
        Assert.StartsWith("retry: 2000\n\nid: 1\nevent: clone_requested\ndata: {", _wire.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_comes_again_gets_what_it_has_missed()
    {
        await Stream(after: 5);

        Assert.Equal(Enumerable.Range(6, Histories.Whole().Count - 5), _wire.Ids);
    }

    [Fact]
    public async Task Who_has_all_of_a_job_that_is_over_need_not_come_again()
    {
        await Stream(after: Histories.Whole().Count);

        Assert.Equal((204, ""), (_context.Response.StatusCode, _wire.Text));
    }

    [Fact]
    public async Task Progress_has_no_number_and_never_falls()
    {
        var running = Stream(visible: 7);
        await ReachesAsync(7);
        foreach (var (fraction, doing) in ((double, string)[])[(0.5, "half"), (0.25, "again"), (0.25, "again"), (0.75, "more")])
        {
            var state = Told(7) with { Fraction = fraction, Doing = doing };
            _news.Tell(state);
            await Eventually.Until($"{doing} is told", () => _wire.Text.Contains(doing, StringComparison.Ordinal));
        }

        _history.Visible = int.MaxValue;
        Tell(Histories.Whole().Count);
        await running;
        var told = _wire.Text.Split("\n\n").Where(e => e.StartsWith("event: progress\ndata: ", StringComparison.Ordinal)).Select(e => JsonElementOf(e)).ToList();
        Assert.Equal(["half", "again", "more"], told.Select(e => e.GetProperty("message").GetString()!).Where(m => !m.EndsWith('…')));
        var percents = told.Select(e => e.GetProperty("progress").GetInt32()).ToList();
        Assert.Equal(percents.Order(), percents);
    }

    [Fact]
    public async Task Through_a_silent_time_the_connection_is_kept_open_by_comments()
    {
        _ = Stream(visible: 2);
        await ReachesAsync(2);

        await Eventually.Until("a comment came", () =>
        {
            _clock.Advance(JobEventStream.BetweenHeartbeats);
            return _wire.Text.Contains("\n\n: still here\n\n", StringComparison.Ordinal);
        });
        Assert.Equal([1, 2], _wire.Ids);
    }

    [Fact]
    public async Task An_event_that_nobody_told_of_comes_with_the_next_heartbeat()
    {
        _ = Stream(visible: 2);
        await ReachesAsync(2);

        _history.Visible = 3;
        await Eventually.Until("event 3 has come", () =>
        {
            _clock.Advance(JobEventStream.BetweenHeartbeats);
            return _wire.LastId == 3;
        });
    }

    [Fact]
    public async Task An_outage_in_a_silent_time_ends_no_stream()
    {
        var running = Stream(visible: 2);
        await ReachesAsync(2);

        _history.IsAway = true;
        await Eventually.Until("a comment came", () =>
        {
            _clock.Advance(JobEventStream.BetweenHeartbeats);
            return _wire.Text.Contains(": still here", StringComparison.Ordinal);
        });
        Assert.False(running.IsCompleted);
    }

    [Fact]
    public async Task Who_names_an_event_that_never_was_is_refused()
    {
        await Stream(after: 4, visible: 3);

        Assert.Equal(400, _context.Response.StatusCode);
        Assert.Contains("\"errors\":{\"last_event_id\":", _wire.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_the_program_stops_before_anything_was_read_the_client_is_asked_to_come_again()
    {
        _history.IsSlow = true;
        var running = Stream(visible: 2);
        Assert.False(running.IsCompleted);

        _context.RequestServices.GetRequiredService<IHostApplicationLifetime>().StopApplication();

        await running.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal((503, "2"), (_context.Response.StatusCode, _context.Response.Headers.RetryAfter.ToString()));
    }

    [Fact]
    public async Task A_client_that_takes_nothing_is_cut()
    {
        _wire.Stuck = true;
        var running = Stream(visible: 2);

        await Eventually.Until("the stream has ended", () =>
        {
            _clock.Advance(JobEventStream.PatienceWithClient);
            return running.IsCompleted;
        });
        Assert.True(_connection.IsCut);
    }

    [Fact]
    public async Task Events_that_were_told_of_and_cannot_be_read_yet_are_looked_for_again()
    {
        var running = Stream(visible: 2);
        await ReachesAsync(2);
        Tell(4);
        await Eventually.Until("it was looked once", () => _history.Reads >= 2);

        _history.Visible = 4;
        await Eventually.Until("event 4 has come", () =>
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            return _wire.LastId == 4;
        });
        Assert.False(running.IsCompleted);
    }

    [Fact]
    public async Task When_the_history_cannot_be_read_any_more_the_stream_ends()
    {
        var running = Stream(visible: 2);
        await ReachesAsync(2);

        _history.IsAway = true;
        Tell(3);

        await running.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Before_the_first_event_an_outage_is_a_refusal()
    {
        _history.IsAway = true;

        await Assert.ThrowsAsync<UnavailableException>(() => Stream());
        Assert.Equal("", _wire.Text);
    }

    [Fact]
    public async Task When_the_program_stops_the_stream_ends()
    {
        var running = Stream(visible: 2);
        await ReachesAsync(2);

        _context.RequestServices.GetRequiredService<IHostApplicationLifetime>().StopApplication();

        await running.WaitAsync(TimeSpan.FromSeconds(10));
    }

    public void Dispose() => _wire.Dispose();

    private Task Stream(long after = 0, int visible = int.MaxValue)
    {
        if (visible < int.MaxValue || _history.Visible == 0) _history.Visible = visible;
        var told = Told(Math.Min(_history.Visible, Histories.Whole().Count));
        return new JobEventStream(JobSnapshots.Of(told), new LastSeen(after, "last_event_id"), _history, _news, _clock).ExecuteAsync(_context);
    }

    private void Tell(int version) => _news.Tell(Told(version));

    private static JobState Told(int version) => new(Job, Histories.Folded(Histories.Whole().Take(version)), version, 0, null);

    private Task ReachesAsync(int id) => Eventually.Until($"event {id} has come", () => _wire.LastId == id);

    private static System.Text.Json.JsonElement JsonElementOf(string e) => System.Text.Json.JsonElement.Parse(e.Split("data: ")[1]);

    /// <summary>A history of which so many events are durable.</summary>
    private sealed class Written : IJobHistory
    {
        private readonly IReadOnlyList<IJobEvent> _all = [.. Histories.Whole().Select(r => r.Event)];
        private int _reads;

        public volatile int Visible;
        public volatile bool IsAway;

        public volatile bool IsSlow;

        public int Reads => Volatile.Read(ref _reads);

        public Task<IReadOnlyList<IJobEvent>> ReadAsync(JobId job, long from, CancellationToken cancellation)
        {
            Interlocked.Increment(ref _reads);
            if (IsSlow) return new TaskCompletionSource<IReadOnlyList<IJobEvent>>().Task.WaitAsync(cancellation);
            return IsAway
                ? throw new UnavailableException(UnavailableException.Store, "away")
                : Task.FromResult<IReadOnlyList<IJobEvent>>([.. _all.Take(Visible).Skip((int)from - 1)]);
        }
    }

    private sealed class Connection : IHttpRequestLifetimeFeature
    {
        public bool IsCut { get; private set; }

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => IsCut = true;
    }

    /// <summary>What the client has been sent.</summary>
    private sealed class Wire : MemoryStream
    {
        private readonly Lock _gate = new();
        private string _text = "";

        public bool Stuck { get; set; }

        public string Text
        {
            get
            {
                lock (_gate) return _text;
            }
        }

        public IReadOnlyList<int> Ids => [.. Text.Split('\n').Where(l => l.StartsWith("id: ", StringComparison.Ordinal)).Select(l => int.Parse(l[4..], System.Globalization.CultureInfo.InvariantCulture))];

        public int LastId => Ids is [.., var last] ? last : 0;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Stuck) await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
            lock (_gate) _text += System.Text.Encoding.UTF8.GetString(buffer.Span);
        }
    }
}
