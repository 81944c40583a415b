using CloneHub.Contracts;
using MySqlConnector;

namespace CloneHub.Provisioning.Database;

/// <summary>
/// Remembers for every clone the newest attempt that came to work on it. It lies in the same MariaDB as the clones, so that whoever
/// can change a clone can also see whether he still may.
/// </summary>
internal sealed class CloneFence(CloneServer server, TimeProvider clock) : IDisposable
{
    // A removed clone keeps its row this long: it refuses attempts that were under way when the clone went.
    private static readonly TimeSpan TombstoneAge = TimeSpan.FromDays(7);

    private static readonly string[] Schema =
    [
        "CREATE DATABASE IF NOT EXISTS clonehub CHARACTER SET ascii COLLATE ascii_bin",
        """
        CREATE TABLE IF NOT EXISTS clonehub.clones (
            job_id varchar(30) NOT NULL PRIMARY KEY,
            fence bigint NOT NULL,
            created_at datetime(6) NOT NULL,
            removed_at datetime(6) NULL
        ) ENGINE=InnoDB
        """,
        """
        CREATE TABLE IF NOT EXISTS clonehub.instances (
            instance varchar(30) NOT NULL PRIMARY KEY,
            job_id varchar(30) NULL UNIQUE,
            recipe varchar(64) NOT NULL,
            made_at datetime(6) NOT NULL,
            ready_at datetime(6) NULL
        ) ENGINE=InnoDB
        """,
    ];

    private readonly SemaphoreSlim _once = new(1);
    private volatile bool _prepared;

    /// <summary>The attempt takes the clone. Refused if a newer one has, or if the clone was removed.</summary>
    /// <returns>Whether it is the first that was ever seen of the job.</returns>
    public async Task<bool> ClaimAsync(StepToken token, CancellationToken cancellation)
    {
        await PrepareAsync(cancellation);
        await using var connection = await server.OpenAsync(cancellation);
        var made = await ExecuteAsync(
            connection, "INSERT IGNORE INTO clonehub.clones (job_id, fence, created_at) VALUES (@job, @fence, @now)", token, cancellation);
        var held = await ExecuteAsync(
            connection,
            "UPDATE clonehub.clones SET fence = @fence WHERE job_id = @job AND fence <= @fence AND (removed_at IS NULL OR @removing)",
            token, cancellation);
        if (held == 0) throw new OvertakenException(token);
        return made > 0;
    }

    /// <summary>Throws if the attempt does not hold the clone any more.</summary>
    public async Task EnsureHeldAsync(StepToken token, CancellationToken cancellation)
    {
        await using var connection = await server.OpenAsync(cancellation);
        await using var query = Command(
            connection, "SELECT 1 FROM clonehub.clones WHERE job_id = @job AND fence = @fence AND (removed_at IS NULL OR @removing)", token);
        if (await query.ExecuteScalarAsync(cancellation) is null) throw new OvertakenException(token);
    }

    public async Task BuryAsync(StepToken token, CancellationToken cancellation)
    {
        await using var connection = await server.OpenAsync(cancellation);
        await ExecuteAsync(
            connection, "UPDATE clonehub.clones SET removed_at = COALESCE(removed_at, @now) WHERE job_id = @job AND fence = @fence", token, cancellation);
        await ExecuteAsync(connection, "DELETE FROM clonehub.clones WHERE removed_at < @tombstone", token, cancellation);
    }

    public async Task<bool> IsRemovedAsync(JobId job, CancellationToken cancellation)
    {
        await using var connection = await server.OpenAsync(cancellation);
        await using var query = new MySqlCommand("SELECT 1 FROM clonehub.clones WHERE job_id = @job AND removed_at IS NOT NULL", connection);
        query.Parameters.AddWithValue("@job", job.Value);
        return await query.ExecuteScalarAsync(cancellation) is not null;
    }

    /// <summary>The newest fence seen for a job; 0 if none was.</summary>
    public async Task<long> NewestAsync(JobId job, CancellationToken cancellation)
    {
        await PrepareAsync(cancellation);
        await using var connection = await server.OpenAsync(cancellation);
        await using var query = new MySqlCommand("SELECT fence FROM clonehub.clones WHERE job_id = @job", connection);
        query.Parameters.AddWithValue("@job", job.Value);
        return await query.ExecuteScalarAsync(cancellation) as long? ?? 0;
    }

    /// <summary>When each clone that was not removed came into being.</summary>
    public async Task<IReadOnlyDictionary<JobId, DateTimeOffset>> StandingAsync(CancellationToken cancellation)
    {
        await PrepareAsync(cancellation);
        await using var connection = await server.OpenAsync(cancellation);
        await using var query = new MySqlCommand("SELECT job_id, created_at FROM clonehub.clones WHERE removed_at IS NULL", connection);
        await using var rows = await query.ExecuteReaderAsync(cancellation);
        var standing = new Dictionary<JobId, DateTimeOffset>();
        while (await rows.ReadAsync(cancellation))
        {
            if (JobId.TryParse(rows.GetString(0), out var job))
                standing[job] = new DateTimeOffset(rows.GetDateTime(1), TimeSpan.Zero);
        }

        return standing;
    }

    public void Dispose() => _once.Dispose();

    /// <summary>The tables are there.</summary>
    public async Task PrepareAsync(CancellationToken cancellation)
    {
        if (_prepared) return;
        await _once.WaitAsync(cancellation);
        try
        {
            if (_prepared) return;
            await using var connection = await server.OpenAsync(cancellation);
            foreach (var statement in Schema)
            {
                await using var command = new MySqlCommand(statement, connection);
                await command.ExecuteNonQueryAsync(cancellation);
            }

            _prepared = true;
        }
        finally
        {
            _once.Release();
        }
    }

    private async Task<int> ExecuteAsync(MySqlConnection connection, string sql, StepToken token, CancellationToken cancellation)
    {
        await using var command = Command(connection, sql, token);
        return await command.ExecuteNonQueryAsync(cancellation);
    }

    private MySqlCommand Command(MySqlConnection connection, string sql, StepToken token)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        var command = new MySqlCommand(sql, connection);
        command.Parameters.AddWithValue("@job", token.Job.Value);
        command.Parameters.AddWithValue("@fence", token.Fence);
        command.Parameters.AddWithValue("@removing", token.Step == CloneStep.Remove);
        command.Parameters.AddWithValue("@now", now);
        command.Parameters.AddWithValue("@tombstone", now - TombstoneAge);
        return command;
    }
}
