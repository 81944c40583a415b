using CloneHub.Jobs.Archive;
using CloneHub.Jobs.GetJobStatus;
using Marten;
using Marten.Services;
using Npgsql;
using Weasel.Storage;

namespace CloneHub.Jobs.Projections;

/// <summary>
/// Builds the status of every job anew while the service serves: folds each job's events while its stream is locked against the archiver,
/// and writes the view only where it differs, so that no status is missing meanwhile. An append that had read the old view before the lock
/// may write it back; therefore jobs that changed are looked at again until a pass finds nothing to put right.
/// </summary>
internal sealed class JobStatusRebuild(IDocumentStore store, NpgsqlDataSource database)
{
    public const string Name = "JobStatus";
    private const int BatchSize = 200;

    /// <summary>An append bears the time at which its transaction began; none takes longer.</summary>
    private static readonly TimeSpan LongestAppend = TimeSpan.FromMinutes(1);

    public async Task RunAsync(TextWriter output, CancellationToken cancellation)
    {
        var mark = await UnfinishedAsync(cancellation);
        if (mark is not null) await output.WriteLineAsync($"{Name}: a rebuild was left unfinished; it goes on after {mark.Cursor}.");
        mark ??= new RebuildMark { Id = Name, PassBegan = await NowAsync(cancellation) };
        var total = 0L;
        while (true)
        {
            var (next, looked) = await Deadlock.RetriedAsync(() => NextAsync(mark, cancellation));
            mark = next;
            total += looked;
            if (looked > 0)
            {
                if (total % (BatchSize * 50) == 0) await output.WriteLineAsync($"{Name}: {total} jobs looked at");
                continue;
            }

            await output.WriteLineAsync($"{Name}: {total} jobs looked at, {mark.Rewritten} written anew.");
            if (mark.Rewritten == 0) break;
            mark = new RebuildMark { Id = Name, Since = mark.PassBegan - LongestAppend, PassBegan = await NowAsync(cancellation) };
            total = 0;
        }

        await using var session = store.LightweightSession();
        session.Delete(mark);
        await session.SaveChangesAsync(cancellation);
    }

    /// <summary>Looks at the next jobs, in one transaction with the mark.</summary>
    internal async Task<(RebuildMark Mark, int Looked)> NextAsync(RebuildMark mark, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var jobs = await LockAsync(connection, mark, cancellation);
        if (jobs.Count == 0) return (mark, 0);

        var folded = await FoldAsync(connection, jobs, cancellation);
        await using var session = store.LightweightSession(WithoutRevisions(transaction));
        var known = (await session.LoadManyAsync<JobStatusView>(cancellation, jobs)).ToDictionary(view => view.Id, StringComparer.Ordinal);
        var different = folded.Where(view => !known.TryGetValue(view.Id, out var old) || JsonOf(old) != JsonOf(view)).ToList();
        session.Store(different.AsEnumerable());
        var next = mark with { Cursor = jobs[^1], Rewritten = mark.Rewritten + different.Count };
        session.Store(next);
        await session.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return (next, jobs.Count);
    }

    /// <summary>Streams of jobs only: where an append was broken off Marten fills the gap by tombstones in a stream of its own.</summary>
    private static async Task<List<string>> LockAsync(NpgsqlConnection connection, RebuildMark mark, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"select id from {EventLog.Schema}.mt_streams where id > $1 and id like 'job-%' and timestamp >= $2 order by id limit {BatchSize} for update", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = mark.Cursor });
        command.Parameters.Add(new NpgsqlParameter { Value = mark.Since });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var jobs = new List<string>();
        while (await reader.ReadAsync(cancellation)) jobs.Add(reader.GetString(0));
        return jobs;
    }

    private static async Task<IReadOnlyCollection<JobStatusView>> FoldAsync(NpgsqlConnection connection, List<string> jobs, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"select stream_id, type, data, version from {EventLog.Schema}.mt_events where stream_id = any($1) order by stream_id, version", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = jobs });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var views = new Dictionary<string, JobStatusView>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellation))
        {
            var (job, name) = (reader.GetString(0), reader.GetString(1));
            var type = EventNames.TypeOf(name) ?? throw new UnknownEventException(name);
            var e = (IJobEvent)System.Text.Json.JsonSerializer.Deserialize(reader.GetString(2), type, EventJson.Options)!;
            var before = views.GetValueOrDefault(job) ?? new JobStatusView { Id = job, Job = Lifecycles.None };
            views[job] = before.After(e, reader.GetInt64(3));
        }

        return views.Values;
    }

    /// <summary>The view's revision is the stream's version: it stays the same though the view changes.</summary>
    private static SessionOptions WithoutRevisions(NpgsqlTransaction transaction)
    {
        var options = SessionOptions.ForTransaction(transaction);
        options.ConcurrencyChecks = ConcurrencyChecks.Disabled;
        return options;
    }

    private async Task<RebuildMark?> UnfinishedAsync(CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        return await session.LoadAsync<RebuildMark>(Name, cancellation);
    }

    private async Task<DateTimeOffset> NowAsync(CancellationToken cancellation)
    {
        await using var command = database.CreateCommand("select now()");
        return new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync(cancellation))!, TimeSpan.Zero);
    }

    private string JsonOf(JobStatusView view) => store.Options.Serializer().ToCleanJson(view);
}
