using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using CloneHub.Dev.Servers;
using CloneHub.Testing;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace CloneHub.Host.Tests;

/// <summary>A real clone in the whole program, by a clock that the test can put forward.</summary>
[Trait("Needs", "servers")]
public sealed class ExpiryTests(SourceSiteFixture fixture) : IClassFixture<SourceSiteFixture>
{
    /// <summary>What is promised for the end of a clone's time.</summary>
    private static readonly TimeSpan MostLate = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task A_clone_goes_when_its_time_is_over_and_its_credentials_with_it()
    {
        await using var clone = await ServingClone.BuildAsync(fixture);
        var serving = (await clone.StatusAsync()).Json;
        var result = serving.GetProperty("result");
        Assert.NotEmpty(result.GetProperty("password").GetString()!);
        Assert.Equal(result.GetProperty("password").GetString(), result.GetProperty("wordpress_password").GetString());
        Assert.Equal(TimeSpan.FromMinutes(30), serving.GetProperty("expires_at").GetDateTimeOffset() - serving.GetProperty("completed_at").GetDateTimeOffset());

        clone.Clock.Advance(TimeSpan.FromMinutes(29));
        Assert.True(IsServing(await clone.StatusAsync()));

        clone.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.False(IsServing(await clone.StatusAsync()), "Credentials are told after the time is over.");
        await clone.RemovedAsync();
        Assert.Equal("completed", (await clone.StatusAsync())["status"]);
        Assert.InRange(await clone.ExpiredAtAsync() - serving.GetProperty("expires_at").GetDateTimeOffset(), TimeSpan.Zero, MostLate);
    }

    [Fact]
    public async Task An_extended_clone_serves_from_then_on_for_its_new_time()
    {
        await using var clone = await ServingClone.BuildAsync(fixture);
        clone.Clock.Advance(TimeSpan.FromMinutes(29));

        var asked = clone.Clock.GetUtcNow();
        var extended = await clone.ExtendAsync(60);
        Assert.True(extended.Status == 200 && IsServing(extended), extended.Text);
        Assert.InRange(extended.Json.GetProperty("expires_at").GetDateTimeOffset() - asked, TimeSpan.FromMinutes(60) - TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(61));
        Assert.Equal(extended["expires_at"], (await clone.StatusAsync())["expires_at"]);
        Assert.True((await clone.ExtendAsync(60)).Json.GetProperty("expires_at").GetDateTimeOffset() >= extended.Json.GetProperty("expires_at").GetDateTimeOffset());

        clone.Clock.Advance(TimeSpan.FromMinutes(59));
        Assert.True(IsServing(await clone.StatusAsync()));
        clone.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(409, (await clone.ExtendAsync(60)).Status);
        await clone.RemovedAsync();
        (await clone.ExtendAsync(60)).IsProblem(409, "NOT_SERVING");
    }

    [Fact]
    public async Task A_clone_is_extended_a_hundred_times_and_serves_on_after_that()
    {
        // A key may extend sixty times a minute, so its owner needs two.
        var (one, oneHash) = ApiKeyTests.NewKey("red");
        var (other, otherHash) = ApiKeyTests.NewKey("red");
        await using var clone = await ServingClone.BuildAsync(fixture, ApiKeyTests.Keys(("red", oneHash), ("red", otherHash)), ApiKeyTests.Bearer(one));
        for (var i = 0; i < 100; i++)
        {
            var extended = await clone.ExtendAsync(60 + (i % 2), ApiKeyTests.Bearer(i < 50 ? one : other));
            Assert.True(extended.Status == 200, $"Extension {i + 1}: {extended.Text}");
        }

        (await clone.ExtendAsync(60)).IsProblem(409, "EXTENDED_TOO_OFTEN");

        Assert.Equal(200, (await clone.ExtendAsync(61)).Status);
        Assert.True(IsServing(await clone.StatusAsync()));
    }

    private static bool IsServing(Answer answer) => answer.Json.GetProperty("result").TryGetProperty("password", out JsonElement _);
}

/// <summary>A clone that serves for half an hour, in a program of its own.</summary>
internal sealed class ServingClone : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly RunningHost _host;
    private readonly string _job;
    private readonly Action<HttpRequestHeaders>? _owner;

    private ServingClone(RunningHost host, ForwardClock clock, string job, Action<HttpRequestHeaders>? owner) => (_host, Clock, _job, _owner) = (host, clock, job, owner);

    public ForwardClock Clock { get; }

    public static async Task<ServingClone> BuildAsync(SourceSiteFixture fixture, IReadOnlyDictionary<string, string>? settings = null, Action<HttpRequestHeaders>? owner = null)
    {
        var clock = new ForwardClock();
        var host = await RunningHost.StartAsync(
            fixture.Servers, settings, services => services.Replace(ServiceDescriptor.Singleton<TimeProvider>(clock)), Ports.Free());
        var accepted = await host.PostAsync(
            new { source_url = fixture.Site.Url, source_username = fixture.Site.AdminUser, source_password = fixture.Site.AdminPassword, ttl_minutes = 30 }, owner);
        var clone = new ServingClone(host, clock, accepted["job_id"], owner);
        await host.EndsAsync(accepted["status_url"], "completed", Patience, owner);
        return clone;
    }

    public Task<Answer> StatusAsync() => _host.GetAsync($"/api/v2/job-status/{_job}", _owner);

    public Task<Answer> ExtendAsync(int minutes, Action<HttpRequestHeaders>? key = null) =>
        _host.SendAsync(HttpMethod.Post, $"/api/v2/jobs/{_job}/extend", JsonContent.Create(new { ttl_minutes = minutes }), key ?? _owner);

    public Task RemovedAsync() =>
        Eventually.Until("the clone is removed", async () => (await StatusAsync()).Json.GetProperty("result").TryGetProperty("removed_at", out _), Patience);

    public async Task<DateTimeOffset> ExpiredAtAsync()
    {
        await using var session = _host.Services.GetRequiredService<IDocumentStore>().QuerySession();
        return (await session.Events.FetchStreamAsync(_job)).Single(e => e.EventTypeName == "expired.v1").Timestamp;
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();
}
