using System.Net.Sockets;
using CloneHub.Jobs.Archive;
using Npgsql;

namespace CloneHub.Jobs.Tests.Archive;

public sealed class PostgreSqlTroubleTests
{
    [Fact]
    public async Task A_server_that_is_away_is_one()
    {
        await using var connection = new NpgsqlConnection("Host=127.0.0.1;Port=9");
        var away = await Assert.ThrowsAnyAsync<NpgsqlException>(() => connection.OpenAsync());

        Assert.True(PostgreSqlTrouble.Is(away));
        Assert.True(PostgreSqlTrouble.Is(new InvalidDataException("Marten says what it was at.", away)));
    }

    [Fact]
    public async Task A_connection_that_has_broken_meanwhile_is_one()
    {
        await using var connection = new NpgsqlConnection("Host=127.0.0.1;Port=9");
        await using var command = new NpgsqlCommand("select 1", connection);

        Assert.True(PostgreSqlTrouble.Is(await Assert.ThrowsAsync<InvalidOperationException>(() => command.ExecuteScalarAsync())));
    }

    [Fact]
    public void What_is_wrong_here_is_none()
    {
        Assert.False(PostgreSqlTrouble.Is(Assert.Throws<InvalidOperationException>(() => Array.Empty<int>().Single())));
        Assert.False(PostgreSqlTrouble.Is(new ArgumentException("of ours")));
        Assert.False(PostgreSqlTrouble.Is(new HttpRequestException("A site does not answer.", new SocketException())));
    }
}
