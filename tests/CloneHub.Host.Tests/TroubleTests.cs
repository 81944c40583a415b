using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using CloneHub.Testing;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace CloneHub.Host.Tests;

/// <summary>When it is not the caller's mistake.</summary>
[Trait("Needs", "servers")]
public sealed class TroubleTests(ServersFixture servers) : IClassFixture<ServersFixture>
{
    [Fact]
    public async Task A_fault_of_the_program_tells_where_to_look_and_nothing_else()
    {
        var clock = new BreakingClock();
        await using var host = await RunningHost.StartAsync(servers, services: services => services.AddSingleton<TimeProvider>(clock));
        clock.Breaks = true;

        var problem = (await host.PostAsync(Requests.Valid())).IsProblem(500, "INTERNAL");

        clock.Breaks = false;
        Assert.DoesNotContain(BreakingClock.Message, problem.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", problem.Text, StringComparison.Ordinal);
        Assert.Equal(32, problem["trace_id"].Length);
        Assert.Equal(0, await host.AcceptedJobsAsync());
    }

    [Fact]
    public async Task Without_Redis_nothing_is_accepted_and_the_caller_is_told_when_to_come_back()
    {
        await using var cable = new Cable(ConfigurationOptions.Parse(servers.Redis).EndPoints.Single());
        var throughCable = servers.NewRedisDatabase().Replace(Text(ConfigurationOptions.Parse(servers.Redis).EndPoints.Single()), cable.Address, StringComparison.Ordinal);
        await using var host = await RunningHost.StartAsync(servers, new Dictionary<string, string> { ["CloneHub:Redis:ConnectionString"] = throughCable });
        Assert.Equal(202, (await host.PostAsync(Requests.Valid())).Status);

        cable.Cut();
        var refused = (await host.PostAsync(Requests.Valid())).IsProblem(503, "STORE_UNAVAILABLE");
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Equal(200, (await host.GetAsync("/health/live")).Status);
        var ready = await host.GetAsync("/health/ready");
        Assert.Equal(503, ready.Status);
        Assert.Equal("unhealthy", ready.Json.GetProperty("checks").GetProperty("redis").GetProperty("status").GetString());
        Assert.Contains("Redis", ready.Json.GetProperty("checks").GetProperty("redis").GetProperty("reason").GetString(), StringComparison.Ordinal);

        cable.Mend();
        await Eventually.Until("requests are accepted again", async () => (await host.PostAsync(Requests.Valid())).Status == 202, TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_Redis_that_is_still_keeps_a_caller_waiting_for_five_seconds_and_a_repeat_is_the_same_job()
    {
        var redis = ConfigurationOptions.Parse(servers.Redis).EndPoints.Single();
        using var line = new SlowLine(new IPEndPoint(IPAddress.Loopback, 0), redis);
        var throughLine = servers.NewRedisDatabase().Replace(Text(redis), $"127.0.0.1:{line.Port}", StringComparison.Ordinal);
        await using var host = await RunningHost.StartAsync(servers, new Dictionary<string, string> { ["CloneHub:Redis:ConnectionString"] = throughLine });

        line.Freeze();
        var asked = Stopwatch.StartNew();
        var refused = (await PostAsync()).IsProblem(503, "STORE_UNAVAILABLE");
        Assert.True(asked.Elapsed < TimeSpan.FromSeconds(9), $"It took {asked.Elapsed}.");
        Assert.Equal(TimeSpan.FromSeconds(2), refused.Headers.RetryAfter?.Delta);

        line.Thaw();
        var accepted = await Eventually.Get("the repeat is accepted", async () => await PostAsync() is { Status: 202 } answer ? answer : null, TimeSpan.FromSeconds(30));
        Assert.Equal(accepted["job_id"], (await PostAsync())["job_id"]);

        // The list is of the event log, which hears of a job a moment later.
        await Eventually.Until("the job is in the list", async () => await ListedAsync() > 0);
        Assert.Equal(1, await ListedAsync());

        async Task<int> ListedAsync() => (await host.GetAsync("/api/v2/jobs")).Json.GetProperty("jobs").GetArrayLength();

        Task<Answer> PostAsync() => host.PostAsync(Requests.Valid(), headers => headers.Add("Idempotency-Key", "order-1"));
    }

    [Fact]
    public async Task Readiness_names_every_dependency()
    {
        await using var host = await RunningHost.StartAsync(servers);

        var ready = await host.GetAsync("/health/ready");

        Assert.Equal("healthy", ready["status"]);
        Assert.Superset(new HashSet<string> { "akka", "backend", "postgresql", "projections", "redis" }, ready.Json.GetProperty("checks").EnumerateObject().Select(check => check.Name).ToHashSet());
    }

    private static string Text(EndPoint endpoint) => endpoint is DnsEndPoint dns ? $"{dns.Host}:{dns.Port}" : endpoint.ToString()!;

    private sealed class BreakingClock : TimeProvider
    {
        public const string Message = "the clock fell off the wall";

        public bool Breaks { get; set; }

        public override DateTimeOffset GetUtcNow() => Breaks ? throw new InvalidOperationException(Message) : System.GetUtcNow();
    }

    /// <summary>A TCP connection that can be cut and mended.</summary>
    private sealed class Cable : IAsyncDisposable
    {
        private readonly EndPoint _target;
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _end = new();
        private readonly Task _accepting;
        private CancellationTokenSource _connected = new();
        private volatile bool _isCut;

        public Cable(EndPoint target)
        {
            _target = target;
            _listener.Start();
            _accepting = AcceptAsync();
        }

        public string Address => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

        public void Cut()
        {
            _isCut = true;
            _connected.Cancel();
        }

        public void Mend()
        {
            _connected = new CancellationTokenSource();
            _isCut = false;
        }

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            Cut();
            _listener.Dispose();
            await _accepting;
            _end.Dispose();
        }

        private async Task AcceptAsync()
        {
            while (!_end.IsCancellationRequested)
            {
                try
                {
                    var inside = await _listener.AcceptSocketAsync(_end.Token);
                    if (_isCut) inside.Dispose();
                    else _ = CarryAsync(inside, _connected.Token);
                }
                catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
                {
                    // The test is over.
                    return;
                }
            }
        }

        private async Task CarryAsync(Socket inside, CancellationToken cut)
        {
            using var outside = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await outside.ConnectAsync(_target, cut);
                await using var a = new NetworkStream(inside, ownsSocket: true);
                await using var b = new NetworkStream(outside);
                await Task.WhenAny(a.CopyToAsync(b, cut), b.CopyToAsync(a, cut));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or IOException)
            {
                // Cut: both ends are closed by leaving.
                inside.Dispose();
            }
        }
    }
}
