using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using CloneHub.Dev.Host;
using CloneHub.Testing;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace CloneHub.Host.Tests;

/// <summary>The whole program in this process, on a real port, with stores of its own.</summary>
internal sealed class RunningHost : IAsyncDisposable
{
    private readonly WebApplicationFactory<Program> _factory;
    private readonly string _redis;
    private readonly DirectoryInfo _state;

    private RunningHost(WebApplicationFactory<Program> factory, HttpClient client, string redis, DirectoryInfo state)
    {
        _state = state;
        _factory = factory;
        _redis = redis;
        Client = client;
    }

    public HttpClient Client { get; }

    public IServiceProvider Services => _factory.Services;

    public static async Task<RunningHost> StartAsync(
        ServersFixture servers, IReadOnlyDictionary<string, string>? settings = null, Action<IServiceCollection>? services = null, int port = 0)
    {
        var redis = servers.NewRedisDatabase();
        var state = servers.NewFolder();
        var all = HostSettings.For(servers.Servers, await servers.CoreStoreAsync(), state, port)
            .Where(setting => setting.Key.StartsWith("CloneHub__", StringComparison.Ordinal))
            .ToDictionary(setting => setting.Key.Replace("__", ":", StringComparison.Ordinal), setting => setting.Value);
        all["CloneHub:PostgreSql:ConnectionString"] = await servers.NewPostgreSqlDatabaseAsync();
        all["CloneHub:PostgreSql:MigrateAtStart"] = "true";
        all["CloneHub:Redis:ConnectionString"] = redis;
        all["CloneHub:Redis:Durability"] = "managed";
        all["urls"] = $"http://127.0.0.1:{port}";
        foreach (var (name, value) in settings ?? new Dictionary<string, string>()) all[name] = value;

        var factory = new WebApplicationFactory<Program>().WithWebHostBuilder(host =>
        {
            foreach (var (name, value) in all) host.UseSetting(name, value);
            if (services is not null) host.ConfigureTestServices(services);
        });
        factory.UseKestrel(port);
        factory.StartServer();
        var address = factory.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single();
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(address) };
        var host = new RunningHost(factory, client, redis, state);
        await Eventually.Until("the Host is ready", async () => (await client.GetAsync(new Uri("/health/ready", UriKind.Relative))).IsSuccessStatusCode, TimeSpan.FromSeconds(60));
        return host;
    }

    /// <summary>How many jobs were ever accepted: the highest number of a job's events outlives the job.</summary>
    public async Task<int> AcceptedJobsAsync()
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync(_redis);
        return await redis.GetServers().Single().KeysAsync(redis.GetDatabase().Database, "clonehub:journal:persisted:*:highestSequenceNr").CountAsync();
    }

    public async Task<bool> IsLiveAsync(string job)
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync(_redis);
        return await redis.GetDatabase().SortedSetScoreAsync("clonehub:jobs:live", job) is not null;
    }

    public Task<Answer> GetAsync(string path, Action<HttpRequestHeaders>? headers = null) => SendAsync(HttpMethod.Get, path, null, headers);

    public Task<Answer> PostAsync(string body, Action<HttpRequestHeaders>? headers = null) =>
        SendAsync(HttpMethod.Post, "/api/v2/clone", new StringContent(body, Encoding.UTF8, "application/json"), headers);

    public Task<Answer> PostAsync(object body, Action<HttpRequestHeaders>? headers = null) =>
        SendAsync(HttpMethod.Post, "/api/v2/clone", JsonContent.Create(body), headers);

    public async Task<Answer> SendAsync(HttpMethod method, string path, HttpContent? content = null, Action<HttpRequestHeaders>? headers = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = content };
        headers?.Invoke(request.Headers);
        using var response = await Client.SendAsync(request);
        return await Answer.ReadAsync(response);
    }

    /// <summary>Awaits the end of a job's build, and fails with the status that it is left in when that is not the one named.</summary>
    public async Task<Answer> EndsAsync(string statusUrl, string status, TimeSpan patience, Action<HttpRequestHeaders>? headers = null)
    {
        var last = await GetAsync(statusUrl, headers);
        try
        {
            await Eventually.Until("the job's build ends", async () => (last = await GetAsync(statusUrl, headers))["status"] is "completed" or "failed", patience);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{late.Message}; its status is {last.Text}", late);
        }

        Assert.True(last["status"] == status, last.Text);
        return last;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _factory.DisposeAsync();
        await LocalClones.StopAllAsync(_state, CancellationToken.None);
    }
}

/// <summary>An answer, read to its end.</summary>
internal sealed record Answer(int Status, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders, string Text)
{
    public JsonElement Json => JsonElement.Parse(Text);

    public string this[string field] => Json.GetProperty(field).ToString();

    public static async Task<Answer> ReadAsync(HttpResponseMessage response) =>
        new((int)response.StatusCode, response.Headers, response.Content.Headers, await response.Content.ReadAsStringAsync());

    /// <summary>Every problem has all its parts, whichever part of the program refused.</summary>
    public Answer IsProblem(int status, string code)
    {
        Assert.True(Status == status, $"Expected {status} {code}, got {Status}: {Text}");
        Assert.Equal("application/problem+json", ContentHeaders.ContentType?.MediaType);
        Assert.Equal(code, this["code"]);
        Assert.Equal($"urn:clonehub:problem:{code.ToLowerInvariant().Replace('_', '-')}", this["type"]);
        Assert.Equal(status, Json.GetProperty("status").GetInt32());
        Assert.All(["title", "detail", "hint"], part => Assert.False(string.IsNullOrWhiteSpace(this[part]), $"{part} is empty: {Text}"));
        Assert.True(Headers.CacheControl?.NoStore);
        return this;
    }
}

/// <summary>One program for the tests of a class that do not change its settings.</summary>
public sealed class HostFixture : IAsyncLifetime
{
    private readonly ServersFixture _servers = new();

    internal RunningHost Host { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await _servers.InitializeAsync();
        Host = await RunningHost.StartAsync(_servers, new Dictionary<string, string> { ["CloneHub:AllowLoopbackSources"] = "false", ["CloneHub:RateLimit:ClonesPerMinute"] = "100000" });
    }

    public async Task DisposeAsync()
    {
        await Host.DisposeAsync();
        await _servers.DisposeAsync();
    }
}

/// <summary>Bodies of requests.</summary>
internal static class Requests
{
    /// <summary>A literal public address (of example.com), so that no test depends on a resolver.</summary>
    public const string PublicSource = "http://93.184.215.14/";

    public static object Valid(string source = PublicSource, int ttl = 30) =>
        new { source_url = source, source_username = "admin", source_password = "correct horse", customer_id = "acme", ttl_minutes = ttl };
}
