using CloneHub.Contracts;
using CloneHub.Provisioning.Tests.Local;
using CloneHub.Testing;

namespace CloneHub.Provisioning.Tests.Pool;

/// <summary>A clone in an instance of the pool keeps all that every back end promises.</summary>
[Trait("Needs", "servers")]
public sealed class WarmLocalBackendTests(ServersFixture servers) : CloneBackendContract, IClassFixture<ServersFixture>, IAsyncLifetime
{
    private LocalStage _stage = null!;

    private protected override ICloneBackend Backend => _stage.Backend;

    private protected override JobSecrets Secrets => _stage.Secrets;

    private protected override string MariaDb => servers.MariaDb;

    public async Task InitializeAsync()
    {
        _stage = await LocalStage.OpenAsync(servers, pool: 2);
        await _stage.FillPoolAsync();
        Assert.Equal(2, (await _stage.PoolAsync()).Count(instance => instance.IsReady));
    }

    public async Task DisposeAsync() => await _stage.DisposeAsync();

    private protected override CloneOrder NewOrder() => _stage.NewOrder();

    private protected override JobId InstanceOf(CloneOrder order) => _stage.ClaimedBy(order);

    private protected override Task<string?> AskAsync(CloneOrder order) => _stage.AskAsync(order);

    private protected override Task<string?> VisitAsync(CloneOrder order) => _stage.VisitAsync(order);

    private protected override Task BreakAsync(CloneOrder order) => _stage.BreakAsync(order);

    private protected override Task RestartAsync() => _stage.RestartAsync();
}
