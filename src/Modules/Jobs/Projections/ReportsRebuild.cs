using CloneHub.Jobs.Archive;
using CloneHub.Jobs.Reporting;
using Marten;
using Marten.Services;
using Npgsql;

namespace CloneHub.Jobs.Projections;

/// <summary>
/// Builds the reports anew while the service serves. Views and progress are emptied in one transaction; from then on the daemon that runs
/// anyway counts from the first event. A page that was under way finds its progress gone and is rolled back, so nothing is counted twice.
/// Until it has caught up, reports say by as_of how far they are.
/// </summary>
internal sealed class ReportsRebuild(
    IDocumentStore store, NpgsqlDataSource database, ProjectionProgress progress, ProjectionRunner runner, TimeProvider clock)
{
    private const string Name = ReportsProjection.ProjectionName;
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(500);

    /// <summary>A daemon that serves takes a page in less; after that this process runs one of its own.</summary>
    private static readonly TimeSpan PatienceWithOthers = TimeSpan.FromSeconds(5);

    public async Task RunAsync(TextWriter output, CancellationToken cancellation)
    {
        var mark = await UnfinishedAsync(cancellation);
        if (mark is null) mark = await Deadlock.RetriedAsync(() => EmptyAsync(cancellation));
        else await output.WriteLineAsync($"{Name}: a rebuild was left unfinished; it goes on.");
        await FollowAsync(mark, output, cancellation);
        await using var session = store.LightweightSession();
        session.Delete(mark);
        await session.SaveChangesAsync(cancellation);
        await output.WriteLineAsync($"{Name}: rebuilt from {mark.Target} events.");
    }

    /// <summary>Takes everything away that was counted, in one transaction.</summary>
    internal async Task<RebuildMark> EmptyAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);

        // The progress first: whoever is about to move it is waited for, and whoever comes later finds it gone.
        await ExecuteAsync(connection, $"delete from {ProjectionProgress.Table} where name = '{ProjectionProgress.ShardOf(Name)}'", cancellation);
        await ExecuteAsync(connection, $"delete from {EventLog.Schema}.{ReportsSchema.Days}", cancellation);
        await ExecuteAsync(connection, $"delete from {EventLog.Schema}.{ReportsSchema.Jobs}", cancellation);
        await using var command = new NpgsqlCommand($"select coalesce(max(seq_id), 0) from {EventLog.Schema}.mt_events", connection);
        var mark = new RebuildMark { Id = Name, Target = (long)(await command.ExecuteScalarAsync(cancellation))! };
        await using var session = store.LightweightSession(SessionOptions.ForTransaction(transaction));
        session.Store(mark);
        await session.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return mark;
    }

    private async Task<RebuildMark?> UnfinishedAsync(CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        var mark = await session.LoadAsync<RebuildMark>(Name, cancellation);
        return mark is not null && (await progress.OfAsync(Name, cancellation)).At < mark.Target ? mark : null;
    }

    private async Task FollowAsync(RebuildMark mark, TextWriter output, CancellationToken cancellation)
    {
        var (seen, told) = (-1L, -1L);
        var moved = clock.GetTimestamp();
        var runs = false;
        try
        {
            while ((await progress.OfAsync(Name, cancellation)).At is var at && at < mark.Target)
            {
                if (at != seen) (seen, moved) = (at, clock.GetTimestamp());
                if (at * 100 / mark.Target is var percent && percent != told) await output.WriteLineAsync($"{Name}: {at} of {mark.Target} events ({told = percent} %)");
                if (!runs && clock.GetElapsedTime(moved) > PatienceWithOthers)
                {
                    await runner.StartAsync(cancellation);
                    runs = true;
                }

                await Task.Delay(BetweenLooks, clock, cancellation);
            }
        }
        finally
        {
            if (runs) await runner.StopAsync(CancellationToken.None);
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}

/// <summary>Two transactions that wait for each other: PostgreSQL ends one, which may simply be tried again.</summary>
internal static class Deadlock
{
    private const int Tries = 10;

    public static async Task<T> RetriedAsync<T>(Func<Task<T>> transaction)
    {
        for (var tried = 1; ; tried++)
        {
            try
            {
                return await transaction();
            }
            catch (Exception e) when (tried < Tries && (e as PostgresException ?? e.InnerException as PostgresException)?.SqlState == PostgresErrorCodes.DeadlockDetected)
            {
                // Everything was rolled back.
            }
        }
    }
}
