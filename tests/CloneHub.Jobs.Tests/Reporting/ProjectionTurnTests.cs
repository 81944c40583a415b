using CloneHub.Jobs.Projections;
using Npgsql;

namespace CloneHub.Jobs.Tests.Reporting;

[Trait("Needs", "servers")]
public sealed class ProjectionTurnTests : IAsyncLifetime
{
    private ReportLog _log = null!;

    public async Task InitializeAsync() => _log = await ReportLog.NewAsync();

    public async Task DisposeAsync() => await _log.DisposeAsync();

    [Fact]
    public async Task One_of_two_nodes_has_the_turn_until_it_ends_or_loses_its_connection()
    {
        await using var first = new ProjectionTurn(_log.Get<NpgsqlDataSource>());
        await using var second = new ProjectionTurn(_log.Get<NpgsqlDataSource>());
        Assert.True(await first.TryAsync(default));
        Assert.True(await first.TryAsync(default));
        Assert.False(await second.TryAsync(default));

        await first.DisposeAsync();
        Assert.True(await second.TryAsync(default));
        Assert.False(await first.TryAsync(default));

        Assert.Equal(1, await _log.CountAsync("select count(*) from (select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())) ended"));
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => second.TryAsync(default));
        Assert.False(second.IsHeld);
        Assert.True(await first.TryAsync(default));
    }
}
