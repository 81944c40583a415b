using System.Text.Json;
using CloneHub.Dev.Servers;
using CloneHub.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace CloneHub.Host.Tests;

/// <summary>A real clone in the whole program, by a clock that the test can put forward.</summary>
[Trait("Needs", "servers")]
public sealed class ExpiryTests(SourceSiteFixture fixture) : IClassFixture<SourceSiteFixture>
{
    private static readonly TimeSpan Build = TimeSpan.FromSeconds(90);

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
    }

    private static bool IsServing(Answer answer) => answer.Json.GetProperty("result").TryGetProperty("password", out JsonElement _);
}
