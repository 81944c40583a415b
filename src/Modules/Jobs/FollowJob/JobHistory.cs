using CloneHub.Contracts;
using CloneHub.Jobs.Api;
using CloneHub.Jobs.Archive;
using CloneHub.Jobs.Journal;
using Microsoft.Extensions.Logging;

namespace CloneHub.Jobs.FollowJob;

/// <summary>Reads what has happened to a job: from the journal, which knows it first, or from the event log, which knows it for ever.</summary>
internal sealed partial class JobHistory(JobStore store, RedisJournalFormat format, EventLog log, ILogger<JobHistory> logger) : IJobHistory
{
    public async Task<IReadOnlyList<IJobEvent>> ReadAsync(JobId job, long from, CancellationToken cancellation)
    {
        if (await FromJournalAsync(job, from, cancellation) is { } events) return events;
        try
        {
            return [.. (await log.ReadAsync(job, from, cancellation)).Select(r => r.Event)];
        }
        catch (Exception e) when (PostgreSqlTrouble.Is(e))
        {
            throw new UnavailableException(UnavailableException.Store, "The job's history cannot be read now.", e);
        }
    }

    /// <summary>Null if the journal was purged or lost, or does not answer.</summary>
    private async Task<IReadOnlyList<IJobEvent>?> FromJournalAsync(JobId job, long from, CancellationToken cancellation)
    {
        try
        {
            var stored = (await store.EventsAsync(job, from).WaitAsync(cancellation)).Select(format.FromBytes).ToList();
            var isWhole = stored.Count > 0 ? stored[0].SequenceNr == from : from > 1 && await store.HighestAsync(job).WaitAsync(cancellation) == from - 1;
            return isWhole ? [.. stored.Select(e => ((RecordedEvent)e.Payload).Event)] : null;
        }
        catch (Exception e) when (RedisTrouble.Is(e) && !cancellation.IsCancellationRequested)
        {
            LogJournalSilent(logger, e, job);
            return null;
        }
    }

    [LoggerMessage(1035, LogLevel.Warning, "Job {JobId}: the journal does not answer; its history is read from the event log.")]
    private static partial void LogJournalSilent(ILogger logger, Exception error, JobId jobId);
}
