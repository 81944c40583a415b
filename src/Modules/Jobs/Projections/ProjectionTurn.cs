using Npgsql;

namespace CloneHub.Jobs.Projections;

/// <summary>
/// Which of several nodes runs the projections: the one that holds a lock of PostgreSQL, by a connection of its own. It saves the others' work and decides about nothing: where the holder stands
/// still, another may run them all the same.
/// </summary>
internal sealed class ProjectionTurn(NpgsqlDataSource database) : IAsyncDisposable
{
    // Any two numbers that nobody else locks in this database.
    private const string Key = "1668050799, 1886548842";

    private NpgsqlConnection? _connection;

    public bool IsHeld { get; private set; }

    /// <summary>Takes the lock if it is free, or looks whether it is still held.</summary>
    /// <exception cref="NpgsqlException">PostgreSQL does not answer; nothing is held then.</exception>
    public async Task<bool> TryAsync(CancellationToken cancellation)
    {
        try
        {
            _connection ??= await database.OpenConnectionAsync(cancellation);
            await using var command = new NpgsqlCommand(IsHeld ? "select true" : $"select pg_try_advisory_lock({Key})", _connection);
            return IsHeld = await command.ExecuteScalarAsync(cancellation) is true;
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not { } connection) return;
        (_connection, IsHeld) = (null, false);
        try
        {
            // The pool would keep the session, and the lock with it, until somebody uses it.
            await using var command = new NpgsqlCommand("select pg_advisory_unlock_all()", connection);
            await command.ExecuteNonQueryAsync();
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException)
        {
            // The session is gone, and the lock too.
        }

        await connection.DisposeAsync();
    }
}
