using System.Net.Http.Headers;
using CloneHub.Testing;

namespace CloneHub.Host.Tests;

/// <summary>One program with two callers who have nothing to do with each other.</summary>
public sealed class TwoTenants : IAsyncLifetime
{
    private readonly ServersFixture _servers = new();

    internal RunningHost Host { get; private set; } = null!;

    internal Action<HttpRequestHeaders> Red { get; private set; } = null!;

    internal Action<HttpRequestHeaders> Blue { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await _servers.InitializeAsync();
        var settings = new Dictionary<string, string> { ["CloneHub:RateLimit:ClonesPerMinute"] = "100000", ["CloneHub:Slots"] = "1" };
        (Red, Blue) = (Key("red", 0, settings), Key("blue", 1, settings));
        Host = await RunningHost.StartAsync(_servers, settings);
    }

    public async Task DisposeAsync()
    {
        await Host.DisposeAsync();
        await _servers.DisposeAsync();
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
