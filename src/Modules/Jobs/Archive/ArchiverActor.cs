using Akka.Actor;
using Akka.Event;
using CloneHub.Contracts;
using Microsoft.Extensions.Logging;

namespace CloneHub.Jobs.Archive;

/// <summary>To a job: the event log holds its events up to and including this one.</summary>
internal sealed record Archived(JobId Job, long UpTo) : IJobMessage, INoSerializationVerificationNeeded;

/// <summary>To a job: the event log knows more of it than its journal did; here is the rest.</summary>
internal sealed record ArchiveAhead(JobId Job, long First, IReadOnlyList<RecordedEvent> Events) : IJobMessage, INoSerializationVerificationNeeded;

/// <summary>To the archiver: the job cannot go on before its entry has been compared with the event log.</summary>
internal sealed record Wanted(JobId Job) : INoSerializationVerificationNeeded;

/// <summary>To a job: events of it were lost on their way to the event log; it has to send all that it has.</summary>
internal sealed record ArchiveGap(JobId Job) : IJobMessage, INoSerializationVerificationNeeded;

/// <summary>To a job: the event log tells another history of it. It must not go on.</summary>
internal sealed record ArchiveForked(JobId Job, long Version) : IJobMessage, INoSerializationVerificationNeeded;

/// <summary>
/// Takes the new events of all of this node's jobs to the event log, many jobs to a transaction, one transaction at a time: two open ones on
/// the same stream would make the inline projection overwrite the status from a stale copy.
/// While PostgreSQL is away events wait here and in the journal; nothing is lost when this actor or the process dies.
/// </summary>
internal sealed partial class ArchiverActor : ReceiveActor, IWithTimers
{
    private const int BatchSize = 200;

    /// <summary>For so long events are gathered. Those of a job follow each other within milliseconds, and to append ten of them costs little more than one.</summary>
    public static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan BeforeSingleRetry = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan[] Pauses = [.. new[] { 100, 250, 500, 1000, 2000 }.Select(ms => TimeSpan.FromMilliseconds(ms))];

    private readonly EventLog _log;
    private readonly ArchiveLag _lag;
    private readonly ILogger _logger;
    private readonly Dictionary<JobId, (ArchiveEntry Entry, IActorRef ReplyTo)> _waiting = [];
    private readonly HashSet<JobId> _setAside = [];
    private long _events;
    private Dictionary<JobId, IActorRef>? _inFlight;
    private int _failures;

    public ArchiverActor(EventLog log, ArchiveLag lag, ILogger<ArchiverActor> logger)
    {
        (_log, _lag, _logger) = (log, lag, logger);
        Receive<ArchiveEntry>(Enqueue);
        Receive<Wanted>(OnWanted);
        Receive<Flush>(_ => Write());
        Receive<Gathered>(_ => WriteAtOnce());
        Receive<TryAgain>(t =>
        {
            _setAside.Remove(t.Job);
            WriteAtOnce();
        });
        Receive<Written>(OnWritten);
        Receive<WriteFailed>(OnFailed);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private void Enqueue(ArchiveEntry entry)
    {
        // What a recovered job sends replaces what its earlier incarnation sent: it is all that the journal has.
        var joins = _waiting.TryGetValue(entry.Job, out var known) && !entry.LookFirst && known.Entry.Last + 1 == entry.First;
        Put(joins ? known.Entry with { Events = [.. known.Entry.Events, .. entry.Events] } : entry with { Since = known.Entry?.Since ?? _lag.Now() }, Sender);
        if (_inFlight is null && _waiting.Count == 1) MeasureAge();
        if (entry.IsAwaited) WriteAtOnce();
        else WriteSoon();
    }

    private void OnWanted(Wanted wanted)
    {
        if (!_waiting.TryGetValue(wanted.Job, out var known)) return;
        _waiting[wanted.Job] = (known.Entry with { IsAwaited = true }, known.ReplyTo);
        WriteAtOnce();
    }

    /// <summary>Unless PostgreSQL was away a moment ago.</summary>
    private void WriteAtOnce()
    {
        if (_failures == 0) Write();
    }

    private void WriteSoon()
    {
        if (_waiting.Count - _setAside.Count >= BatchSize) WriteAtOnce();
        else if (_inFlight is null && !Timers.IsTimerActive(nameof(Gathered))) Timers.StartSingleTimer(nameof(Gathered), Gathered.Instance, Gathering);
    }

    private void Write()
    {
        if (_inFlight is not null) return;
        var batch = _waiting.Values.Where(w => !_setAside.Contains(w.Entry.Job)).Take(BatchSize).ToList();
        if (batch.Count == 0) return;
        _inFlight = batch.ToDictionary(b => b.Entry.Job, b => b.ReplyTo);
        var entries = batch.Select(b => b.Entry).ToList();
        foreach (var entry in entries) Take(entry);
        WriteAsync(entries).PipeTo(Self, success: w => w, failure: e => new WriteFailed(entries, e));
    }

    private async Task<Written> WriteAsync(IReadOnlyList<ArchiveEntry> entries)
    {
        var results = await AppendAsync(entries);
        var ahead = new Dictionary<JobId, IReadOnlyList<RecordedEvent>>();
        foreach (var result in results.Where(r => r.Outcome is ArchiveOutcome.Ahead))
            ahead[result.Entry.Job] = await _log.ReadAsync(result.Entry.Job, result.Entry.Last + 1, CancellationToken.None);
        return new Written(results, ahead);
    }

    private async Task<IReadOnlyList<ArchiveResult>> AppendAsync(IReadOnlyList<ArchiveEntry> entries)
    {
        // One transaction, and a span of it in the trace of every job that takes part.
        var spans = entries.Select(JobsTelemetry.StartArchiving).ToList();
        try
        {
            return await _log.AppendAsync(entries, CancellationToken.None);
        }
        catch
        {
            foreach (var span in spans) span?.SetStatus(System.Diagnostics.ActivityStatusCode.Error);
            throw;
        }
        finally
        {
            foreach (var span in spans.AsEnumerable().Reverse()) span?.Dispose();
        }
    }

    private void OnWritten(Written written)
    {
        var receivers = _inFlight!;
        _inFlight = null;
        _failures = 0;
        foreach (var result in written.Results)
        {
            var job = result.Entry.Job;
            switch (result.Outcome)
            {
                case ArchiveOutcome.Stored:
                    receivers[job].Tell(new Archived(job, result.Version));
                    break;
                case ArchiveOutcome.Ahead:
                    LogAhead(_logger, job, result.Version, result.Entry.Last);
                    receivers[job].Tell(new ArchiveAhead(job, result.Entry.Last + 1, written.Ahead[job]));
                    break;
                case ArchiveOutcome.Forked:
                    JobsTelemetry.CountFork();
                    LogForked(_logger, job, result.Version);
                    receivers[job].Tell(new ArchiveForked(job, result.Version));
                    break;
                case ArchiveOutcome.Gap:
                    LogGap(_logger, job, result.Version, result.Entry.First);
                    receivers[job].Tell(new ArchiveGap(job));
                    break;
                default:
                    JobsTelemetry.CountArchiveFailure();
                    LogStreamFailed(_logger, result.Error!, job);
                    PutBack(result.Entry, receivers[job]);
                    SetAside(job);
                    break;
            }
        }

        MeasureAge();
        if (_waiting.Any(waiting => waiting.Value.Entry.IsAwaited && !_setAside.Contains(waiting.Key))) WriteAtOnce();
        else if (_waiting.Count > 0) WriteSoon();
    }

    private void OnFailed(WriteFailed failed)
    {
        var receivers = _inFlight!;
        _inFlight = null;
        JobsTelemetry.CountArchiveFailure();
        LogBatchFailed(_logger, failed.Error, failed.Entries.Count);
        foreach (var entry in failed.Entries) PutBack(entry with { LookFirst = true }, receivers[entry.Job]);
        MeasureAge();
        PauseThenFlush();
    }

    private void PutBack(ArchiveEntry entry, IActorRef replyTo)
    {
        if (!_waiting.TryGetValue(entry.Job, out var newer)) Put(entry with { LookFirst = true }, replyTo);
        else if (!newer.Entry.LookFirst) Put(entry with { Events = [.. entry.Events, .. newer.Entry.Events], LookFirst = true }, newer.ReplyTo);
    }

    /// <summary>A stream that is refused holds up no other: it is tried again now and then, alone if need be.</summary>
    private void SetAside(JobId job)
    {
        _setAside.Add(job);
        Timers.StartSingleTimer(job, new TryAgain(job), BeforeSingleRetry);
    }

    private void PauseThenFlush() =>
        Timers.StartSingleTimer(nameof(Flush), Flush.Instance, Pauses[Math.Min(_failures++, Pauses.Length - 1)]);

    private void Put(ArchiveEntry entry, IActorRef replyTo)
    {
        if (_waiting.TryGetValue(entry.Job, out var replaced)) Take(replaced.Entry);
        _waiting[entry.Job] = (entry, replyTo);
        _lag.SetEvents(_events += entry.Events.Count);
    }

    private void MeasureAge() => _lag.SetOldest(_waiting.Count == 0 ? null : _waiting.Values.Min(w => w.Entry.Since));

    private void Take(ArchiveEntry entry)
    {
        _waiting.Remove(entry.Job);
        _lag.SetEvents(_events -= entry.Events.Count);
    }

    private sealed record Written(IReadOnlyList<ArchiveResult> Results, IReadOnlyDictionary<JobId, IReadOnlyList<RecordedEvent>> Ahead);

    private sealed record WriteFailed(IReadOnlyList<ArchiveEntry> Entries, Exception Error);

    private sealed record TryAgain(JobId Job) : INoSerializationVerificationNeeded;

    private sealed class Gathered : INoSerializationVerificationNeeded
    {
        public static readonly Gathered Instance = new();
    }

    private sealed class Flush : INoSerializationVerificationNeeded
    {
        public static readonly Flush Instance = new();
    }
}
