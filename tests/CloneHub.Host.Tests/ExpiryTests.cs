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
    private static readonly TimeSpan Build = TimeSpan.FromSeconds(90);

    /// <summary>What is promised for the end of a clone's time.</summary>
    private static readonly TimeSpan MostLate = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task A_clone_goes_when_its_time_is_over_and_its_credentials_with_it()
    {
        var clock = new ForwardClock();
        await using var host = await RunningHost.StartAsync(
            fixture.Servers, services: services => services.Replace(ServiceDescriptor.Singleton<TimeProvider>(clock)), port: Ports.Free());
        var accepted = await host.PostAsync(new
        {
            source_url = fixture.Site.Url,
            source_username = fixture.Site.AdminUser,
            source_password = fixture.Site.AdminPassword,
            ttl_minutes = 30,
        });
        var status = accepted["status_url"];
        await Eventually.Until("the clone serves", async () => (await host.GetAsync(status))["status"] == "completed", Build);
        var serving = (await host.GetAsync(status)).Json;
        var result = serving.GetProperty("result");
        Assert.NotEmpty(result.GetProperty("password").GetString()!);
        Assert.Equal(result.GetProperty("password").GetString(), result.GetProperty("wordpress_password").GetString());
        Assert.Equal(TimeSpan.FromMinutes(30), serving.GetProperty("expires_at").GetDateTimeOffset() - serving.GetProperty("completed_at").GetDateTimeOffset());

        clock.Advance(TimeSpan.FromMinutes(29));
        Assert.True(IsServing(await host.GetAsync(status)));

        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.False(IsServing(await host.GetAsync(status)), "Credentials are told after the time is over.");
        await Eventually.Until("the clone is removed", async () => (await host.GetAsync(status)).Json.GetProperty("result").TryGetProperty("removed_at", out _), Build);
        Assert.Equal("completed", (await host.GetAsync(status))["status"]);
        Assert.InRange(await ExpiredAtAsync(host, accepted["job_id"]) - serving.GetProperty("expires_at").GetDateTimeOffset(), TimeSpan.Zero, MostLate);
    }

    [Fact]
    public async Task An_extended_clone_serves_from_then_on_for_its_new_time()
    {
        var clock = new ForwardClock();
        await using var host = await RunningHost.StartAsync(
            fixture.Servers, services: services => services.Replace(ServiceDescriptor.Singleton<TimeProvider>(clock)), port: Ports.Free());
        var accepted = await host.PostAsync(new
        {
            source_url = fixture.Site.Url,
            source_username = fixture.Site.AdminUser,
            source_password = fixture.Site.AdminPassword,
            ttl_minutes = 30,
        });
        var status = accepted["status_url"];
        await Eventually.Until("the clone serves", async () => (await host.GetAsync(status))["status"] == "completed", Build);
        clock.Advance(TimeSpan.FromMinutes(29));

        var asked = clock.GetUtcNow();
        var extended = await ExtendAsync(60);
        Assert.True(extended.Status == 200 && IsServing(extended), extended.Text);
        Assert.InRange(extended.Json.GetProperty("expires_at").GetDateTimeOffset() - asked, TimeSpan.FromMinutes(60) - TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(61));
        Assert.Equal(extended["expires_at"], (await host.GetAsync(status))["expires_at"]);
        Assert.True((await ExtendAsync(60)).Json.GetProperty("expires_at").GetDateTimeOffset() >= extended.Json.GetProperty("expires_at").GetDateTimeOffset());

        clock.Advance(TimeSpan.FromMinutes(59));
        Assert.True(IsServing(await host.GetAsync(status)));
        clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(409, (await ExtendAsync(60)).Status);
        await Eventually.Until("the clone is removed", async () => (await host.GetAsync(status)).Json.GetProperty("result").TryGetProperty("removed_at", out _), Build);
        (await ExtendAsync(60)).IsProblem(409, "NOT_SERVING");

        Task<Answer> ExtendAsync(int minutes) =>
            host.SendAsync(HttpMethod.Post, $"/api/v2/jobs/{accepted["job_id"]}/extend", JsonContent.Create(new { ttl_minutes = minutes }));
    }

    private static async Task<DateTimeOffset> ExpiredAtAsync(RunningHost host, string job)
    {
        await using var session = host.Services.GetRequiredService<IDocumentStore>().QuerySession();
        return (await session.Events.FetchStreamAsync(job)).Single(e => e.EventTypeName == "expired.v1").Timestamp;
    }

    private static bool IsServing(Answer answer) => answer.Json.GetProperty("result").TryGetProperty("password", out JsonElement _);
}
