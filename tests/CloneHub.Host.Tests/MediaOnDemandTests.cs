using CloneHub.Contracts;
using CloneHub.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace CloneHub.Host.Tests;

/// <summary>Where clones live decides whether their media may come later.</summary>
[Trait("Needs", "servers")]
public sealed class MediaOnDemandTests(ServersFixture servers) : IClassFixture<ServersFixture>
{
    [Fact]
    public async Task Where_clones_are_made_whole_it_is_refused_before_anything_is_accepted_and_eager_media_are_not()
    {
        await using var host = await RunningHost.StartAsync(servers, services: services => services.Replace(ServiceDescriptor.Singleton<ICloneAbilities, Whole>()));

        (await host.PostAsync(With("on_demand"))).IsProblem(409, "MEDIA_NOT_ON_DEMAND");

        Assert.Equal(0, await host.AcceptedJobsAsync());
        Assert.NotEmpty((await host.PostAsync(With("eager")))["job_id"]);
    }

    private static object With(string media) => new { source_url = Requests.PublicSource, source_username = "admin", source_password = "correct horse", media };

    private sealed class Whole : ICloneAbilities
    {
        public bool MediaOnDemand => false;
    }
}
