using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using CloneHub.Testing;

namespace CloneHub.Host.Tests;

/// <summary>One program with two callers who have nothing to do with each other, and its only slot taken by a job whose source never answers.</summary>
public sealed class TwoTenants : IAsyncLifetime
{
    private readonly ServersFixture _servers = new();
    private TcpListener? _silent;

    internal RunningHost Host { get; private set; } = null!;

    internal Action<HttpRequestHeaders> Red { get; private set; } = null!;

    internal Action<HttpRequestHeaders> Blue { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await _servers.InitializeAsync();
        var settings = new Dictionary<string, string> { ["CloneHub:RateLimit:ClonesPerMinute"] = "100000", ["CloneHub:Slots"] = "1", ["CloneHub:AllowLoopbackSources"] = "true" };
        (Red, Blue) = (Key("red", 0, settings), Key("blue", 1, settings));
        Host = await RunningHost.StartAsync(_servers, settings);
        _silent = Listen();
        var first = await Host.PostAsync(Requests.Valid($"http://{_silent.LocalEndpoint}/"), Blue);
        await Eventually.Until("the slot is taken", async () => (await Host.GetAsync(first["status_url"], Blue))["status"] == "running");
    }

    /// <summary>A job that stays in the queue.</summary>
    internal Task<Answer> WaitingAsync() => WaitingAsync(Red);

    internal async Task<Answer> WaitingAsync(Action<HttpRequestHeaders> key, object? request = null)
    {
        var accepted = await Host.PostAsync(request ?? Requests.Valid(), key);
        return await Eventually.Get("the job has its place", async () =>
        {
            var status = await Host.GetAsync(accepted["status_url"], key);
            return status.Json.TryGetProperty("queue_position", out _) ? status : null;
        });
    }

    public async Task DisposeAsync()
    {
        await Host.DisposeAsync();
        await _servers.DisposeAsync();
        _silent?.Dispose();
    }

    private static TcpListener Listen()
    {
        var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        return silent;
    }

    private static Action<HttpRequestHeaders> Key(string tenant, int number, Dictionary<string, string> settings)
    {
        using var output = new StringWriter();
        NewApiKey.Run(["--tenant", tenant], output, TextWriter.Null);
        var words = output.ToString().Split((char[])[' ', '\n', '='], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        settings[$"CloneHub:ApiKeys:{number}:Tenant"] = tenant;
        settings[$"CloneHub:ApiKeys:{number}:Sha256"] = words.Single(word => word.Length == 64);
        var key = words.Single(word => word.StartsWith("ch_", StringComparison.Ordinal));
        return headers => headers.Authorization = new("Bearer", key);
    }
}
