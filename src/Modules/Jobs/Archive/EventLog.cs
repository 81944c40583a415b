using CloneHub.Contracts;
using JasperFx;
using JasperFx.Events;
using Marten;
using Npgsql;

namespace CloneHub.Jobs.Archive;

/// <summary>Events of one job, in order, that the event log may or may not have yet.</summary>
/// <param name="First">Sequence number of the first of them.</param>
/// <param name="LookFirst">True after a recovery: part of them is probably there.</param>
internal sealed record ArchiveEntry(JobId Job, long First, IReadOnlyList<RecordedEvent> Events, bool LookFirst)
{
    /// <summary>The span that the one of the writing is a child of.</summary>
    public string? TraceParent { get; init; }

    /// <summary>The job does nothing before it has heard what the event log has of it.</summary>
    public bool IsAwaited { get; init; }

    /// <summary>When the oldest of them came to the archiver, by its clock.</summary>
    public long Since { get; init; }

    public long Last => First + Events.Count - 1;

    public ArchiveEntry From(long first) => this with { First = first, Events = [.. Events.Skip((int)(first - First))] };
}

/// <summary>What became of one entry.</summary>
internal enum ArchiveOutcome
{
    /// <summary>The event log holds all of it, and nothing beyond.</summary>
    Stored,

    /// <summary>The event log holds more than the journal: the journal lost its end.</summary>
    Ahead,

    /// <summary>The event log holds other events at the same places: two histories of one job.</summary>
    Forked,

    /// <summary>The event log lacks events before the first of these: they were lost on their way and have to be sent again.</summary>
    Gap,

    /// <summary>This stream alone could not be written; the others of its batch were.</summary>
    Failed,
}

/// <param name="Version">Last sequence number the event log holds.</param>
internal sealed record ArchiveResult(ArchiveEntry Entry, ArchiveOutcome Outcome, long Version, Exception? Error = null);

/// <summary>
/// The event log in PostgreSQL, one stream per job. The stream's version is the job's sequence number, so an event arrives exactly once
/// however often it is sent.
/// </summary>
internal sealed class EventLog(IDocumentStore store, NpgsqlDataSource database)
{
    public const string Schema = "clonehub";

    /// <summary>Writes many jobs in one transaction. Throws only when the whole batch could not be tried: PostgreSQL is away.</summary>
    public async Task<IReadOnlyList<ArchiveResult>> AppendAsync(IReadOnlyList<ArchiveEntry> entries, CancellationToken cancellation)
    {
        var settled = new List<ArchiveResult>();
        var open = new List<ArchiveEntry>();
        var known = await IdsAsync([.. entries.Where(e => e.LookFirst).Select(e => e.Job)], cancellation);
        foreach (var entry in entries)
        {
            var found = entry.LookFirst ? Compare(entry, known.GetValueOrDefault(entry.Job, [])) : null;
            if (found is null) open.Add(entry);
            else if (IsPartOf(found)) open.Add(found.Entry);
            else settled.Add(found);
        }

        if (open.Count == 0) return settled;
        try
        {
            await WriteAsync(open, cancellation);
            settled.AddRange(open.Select(Stored));
        }
        catch (Exception e) when (!IsOutage(e) && !cancellation.IsCancellationRequested)
        {
            // One stream of the batch is in the way of the others: take them one by one.
            foreach (var entry in open) settled.Add(await AppendAloneAsync(entry, cancellation));
        }

        return settled;
    }

    public async Task<IReadOnlyList<RecordedEvent>> ReadAsync(JobId job, long from, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        var events = await session.Events.FetchStreamAsync(job.Value, fromVersion: from, token: cancellation);
        return [.. events.Select(e => new RecordedEvent(e.Id, (IJobEvent)e.Data))];
    }

    private async Task<ArchiveResult> AppendAloneAsync(ArchiveEntry entry, CancellationToken cancellation)
    {
        try
        {
            var known = await IdsAsync([entry.Job], cancellation);
            var found = Compare(entry, known.GetValueOrDefault(entry.Job, []));
            if (!IsPartOf(found)) return found;
            await WriteAsync([found.Entry], cancellation);
            return Stored(entry);
        }
        catch (Exception e) when (!IsOutage(e) && !cancellation.IsCancellationRequested)
        {
            return new ArchiveResult(entry, ArchiveOutcome.Failed, entry.First - 1, e);
        }
    }

    private async Task WriteAsync(IReadOnlyList<ArchiveEntry> entries, CancellationToken cancellation)
    {
        await using var session = store.LightweightSession();
        foreach (var entry in entries)
        {
            var events = entry.Events.Select(e => AsMartenEvent(session.Events.BuildEvent(e.Event), e)).ToArray<object>();
            if (entry.First == 1) session.Events.StartStream(entry.Job.Value, events);
            else session.Events.Append(entry.Job.Value, entry.Last, events);
        }

        await session.SaveChangesAsync(cancellation);
    }

    private static IEvent AsMartenEvent(IEvent e, RecordedEvent recorded)
    {
        e.Id = recorded.EventId;
        e.Timestamp = recorded.Event.At;
        return e;
    }

    /// <summary>What of the entry the log has already: answers the rest, or why there can be no rest.</summary>
    private static ArchiveResult Compare(ArchiveEntry entry, List<Guid> known)
    {
        var version = known.Count;
        if (version + 1 < entry.First) return new ArchiveResult(entry, ArchiveOutcome.Gap, version);
        var same = known.Skip((int)entry.First - 1).Zip(entry.Events).All(pair => pair.First == pair.Second.EventId);
        if (!same) return new ArchiveResult(entry, ArchiveOutcome.Forked, version);
        if (version > entry.Last) return new ArchiveResult(entry, ArchiveOutcome.Ahead, version);
        return new ArchiveResult(entry.From(Math.Max(entry.First, version + 1)), ArchiveOutcome.Stored, version);
    }

    private static bool IsPartOf(ArchiveResult found) => found.Outcome is ArchiveOutcome.Stored && found.Version < found.Entry.Last;

    /// <summary>Ids of all events of these jobs, by version. A version without a gap is what Marten guarantees, so the count is the version.</summary>
    private async Task<Dictionary<JobId, List<Guid>>> IdsAsync(JobId[] jobs, CancellationToken cancellation)
    {
        var ids = new Dictionary<JobId, List<Guid>>();
        if (jobs.Length == 0) return ids;
        await using var command = database.CreateCommand($"select stream_id, id from {Schema}.mt_events where stream_id = any($1) order by stream_id, version");
        command.Parameters.Add(new NpgsqlParameter { Value = jobs.Select(j => j.Value).ToArray() });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            var job = JobId.Parse(reader.GetString(0));
            if (!ids.TryGetValue(job, out var list)) ids[job] = list = [];
            list.Add(reader.GetGuid(1));
        }

        return ids;
    }

    private static ArchiveResult Stored(ArchiveEntry entry) => new(entry, ArchiveOutcome.Stored, entry.Last);

    /// <summary>PostgreSQL did not answer at all, as against: it refused what it was given.</summary>
    private static bool IsOutage(Exception e) => e switch
    {
        PostgresException p => p.IsTransient || p.SqlState.StartsWith("57P", StringComparison.Ordinal) || p.SqlState.StartsWith("53", StringComparison.Ordinal),
        NpgsqlException => true,
        TimeoutException or OperationCanceledException or ObjectDisposedException => true,
        AggregateException a => a.InnerExceptions.Any(IsOutage),
        { InnerException: { } inner } => IsOutage(inner),
        _ => false,
    };
}
