using CloneHub.Dev.WordPress;
using Xunit;

namespace CloneHub.Testing;

/// <summary>One small site to clone from, shared by the tests of a class or collection that do not change it.</summary>
public sealed class SourceSiteFixture : IAsyncLifetime
{
    public ServersFixture Servers { get; } = new();

    public SourceSite Site { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await Servers.InitializeAsync();
        Site = await Servers.StartSiteAsync();
    }

    public async Task DisposeAsync() => await Site.DisposeAsync();
}
