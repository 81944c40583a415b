using CloneHub.Dev.WordPress;
using CloneHub.Provisioning.Tests.WordPress.Source;
using CloneHub.Provisioning.WordPress;
using CloneHub.Testing;

namespace CloneHub.Provisioning.Tests.WordPress.Import;

/// <summary>A small site whose database is on a real MySQL, and the connector in it.</summary>
public sealed class MySqlSite : IAsyncLifetime
{
    internal ServersFixture Servers { get; } = new();

    internal SourceSite Site { get; private set; } = null!;

    internal SourceChannel Channel { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await Servers.InitializeAsync();
        Site = await Servers.StartSiteAsync(new SourceSiteOptions { Name = ServersFixture.Unique("y"), Database = await ServersFixture.MySqlAsync() });
        Channel = await SourceTests.ConnectAsync(Site);
    }

    public async Task DisposeAsync()
    {
        await Channel.ByeAsync(CancellationToken.None);
        await Channel.DisposeAsync();
        await Site.DisposeAsync();
    }
}
