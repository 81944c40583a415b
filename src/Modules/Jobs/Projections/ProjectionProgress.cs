using CloneHub.Jobs.Archive;
using Npgsql;

namespace CloneHub.Jobs.Projections;

/// <summary>How far an asynchronous projection has come.</summary>
/// <param name="At">Sequence number of the event log up to which everything is in its views.</param>
/// <param name="Highest">The newest sequence number of the event log.</param>
/// <param name="OldestWaiting">When the oldest event happened that is not in the views yet; null if none waits.</param>
/// <param name="AsOf">Everything the event log knew up to this moment is in the views.</param>
internal sealed record ProgressOfProjection(string Name, long At, long Highest, DateTimeOffset? OldestWaiting, DateTimeOffset AsOf);

/// <summary>Reads the daemon's own bookkeeping. Throws <see cref="NpgsqlException"/> while PostgreSQL is away.</summary>
internal sealed class ProjectionProgress(NpgsqlDataSource database, TimeProvider clock)
{
    public const string Table = $"{EventLog.Schema}.mt_event_progression";

    /// <summary>The name under which the daemon keeps the progress of a projection that is not divided.</summary>
    public static string ShardOf(string projection) => $"{projection}:All";

    public async Task<ProgressOfProjection> OfAsync(string projection, CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        await using var command = database.CreateCommand(
            $"""
            select p.at, (select coalesce(max(seq_id), 0) from {EventLog.Schema}.mt_events), e.timestamp
            from (select coalesce((select last_seq_id from {Table} where name = $1), 0) as at) p
            left join lateral (select timestamp from {EventLog.Schema}.mt_events where seq_id > p.at order by seq_id limit 1) e on true
            """);
        command.Parameters.Add(new NpgsqlParameter { Value = ShardOf(projection) });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        DateTimeOffset? waiting = await reader.IsDBNullAsync(2, cancellation) ? null : reader.GetFieldValue<DateTimeOffset>(2);
        return new ProgressOfProjection(projection, reader.GetInt64(0), reader.GetInt64(1), waiting, waiting is { } w && w < now ? w : now);
    }

    /// <summary>False until the schema has been migrated to this version.</summary>
    public async Task<bool> HasTablesAsync(string table, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand("select to_regclass($1) is not null and to_regclass($2) is not null");
        command.Parameters.Add(new NpgsqlParameter { Value = Table });
        command.Parameters.Add(new NpgsqlParameter { Value = $"{EventLog.Schema}.{table}" });
        return await command.ExecuteScalarAsync(cancellation) is true;
    }
}
