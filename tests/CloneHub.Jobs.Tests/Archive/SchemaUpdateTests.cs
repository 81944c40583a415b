using CloneHub.Jobs.Archive;
using CloneHub.Jobs.Tests.Engine;
using CloneHub.Testing;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace CloneHub.Jobs.Tests.Archive;

[Trait("Needs", "servers")]
public sealed class SchemaUpdateTests(Stores stores) : IClassFixture<Stores>
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public async Task It_waits_two_minutes_for_a_PostgreSQL_that_does_not_answer()
    {
        await using var services = ServicesOf("Host=127.0.0.1;Port=1;Username=nobody");
        var started = _clock.GetTimestamp();
        var update = SchemaUpdate.RunAsync(services.GetRequiredService<IDocumentStore>(), _clock, NullLogger.Instance);

        await Eventually.Until("it gives up", () => { _clock.Advance(TimeSpan.FromSeconds(1)); return update.IsCompleted; }, TimeSpan.FromMinutes(2));

        await Assert.ThrowsAsync<NpgsqlException>(() => update);
        Assert.InRange(_clock.GetElapsedTime(started), TimeSpan.FromMinutes(2), TimeSpan.MaxValue);
    }

    [Fact]
    public async Task What_no_waiting_mends_ends_it_at_once()
    {
        await using var services = ServicesOf(new NpgsqlConnectionStringBuilder(stores.PostgreSql) { Database = "not_there" }.ConnectionString);

        var refused = await Assert.ThrowsAsync<PostgresException>(() => SchemaUpdate.RunAsync(services.GetRequiredService<IDocumentStore>(), _clock, NullLogger.Instance));

        Assert.Equal(PostgresErrorCodes.InvalidCatalogName, refused.SqlState);
    }

    private static ServiceProvider ServicesOf(string connectionString) =>
        new ServiceCollection().AddLogging().AddEventLog(connectionString, ownSchema: false, drivesJobs: false).BuildServiceProvider();
}
