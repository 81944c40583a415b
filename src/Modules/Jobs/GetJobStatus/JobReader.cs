using Akka.Actor;
using Akka.Hosting;
using CloneHub.Contracts;
using CloneHub.Jobs.Api;
using CloneHub.Jobs.Archive;
using CloneHub.Jobs.Journal;
using CloneHub.Jobs.Queue;
using Marten;
using Microsoft.Extensions.Logging;

namespace CloneHub.Jobs.GetJobStatus;

/// <summary>Marker of the queue of waiting jobs in the actor registry.</summary>
internal sealed class SlotQueue;

/// <summary>
/// Reads a job: from the projection when the job rests and the projection is as new as what the caller has seen, else from the job itself.
/// So a caller reads its own writes, never goes back in time, and gets an answer while either store is away.
/// </summary>
internal sealed partial class JobReader(
    IDocumentStore documents, JobStore store, IRequiredActor<JobsRegion> jobs, IRequiredActor<SlotQueue> queue, CompletionForecast forecast,
    ToldProgress told, IJobHistory history, TimeProvider clock, ILogger<JobReader> logger)
    : IJobReader, IJobRemover
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan PatienceWithProjection = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PatienceWithQueue = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RemovalPatience = TimeSpan.FromSeconds(10);

    private readonly ReadPatience _projection = new(PatienceWithProjection, clock);
    private readonly RestingViews _resting = new();
    private readonly JobsAtWork _atWork = new(clock);

    public async Task<JobSnapshot?> ReadAsync(JobId job, long seen, CancellationToken cancellation)
    {
        var isAtWork = _atWork.Contains(job);
        var (view, isAll) = isAtWork ? (null, false) : await RestingAsync(job, seen, cancellation);
        if (isAll) return await WithToldProgressAsync(JobSnapshots.Of(job, view!.Job, view.Version));
        try
        {
            if (view is null && !isAtWork && !await store.IsKnownAsync(job)) return null;
            var state = await AskNewestAsync(job, cancellation);
            _atWork.Note(job, IsAtWork(state.Job));
            return await WithToldProgressAsync(await WithPositionAsync(state), written: JobSnapshots.Of(job, state.Job, state.Version).Progress);
        }
        catch (Exception e) when (e is UnavailableException || IsSilence(e, cancellation))
        {
            if (isAtWork) view = await ViewAsync(job, cancellation);
            if (view is not null && view.Version >= seen) return await WithoutJobAsync(job, view, e, cancellation);
            if (e is UnavailableException) throw;
            throw new UnavailableException(UnavailableException.Store, "The store of live jobs does not answer.", e);
        }
    }

    /// <summary>What both logs tell of a job that does not answer itself.</summary>
    private async Task<JobSnapshot> WithoutJobAsync(JobId job, JobStatusView view, Exception silence, CancellationToken cancellation)
    {
        LogJobSilent(logger, silence, job);
        var written = await WithJournalAsync(job, view, cancellation);
        var snapshot = JobSnapshots.Of(job, written.Job, written.Version);
        return told.IsBeyond(job, snapshot.Status)
            ? throw new UnavailableException(UnavailableException.Store, "The job does not answer now, and the event log is behind it.", silence)
            : await WithToldProgressAsync(snapshot);
    }

    public async Task<JobSnapshot?> RequestRemovalAsync(JobId job, CancellationToken cancellation)
    {
        try
        {
            if (!await store.IsKnownAsync(job) && await ViewAsync(job, cancellation) is null) return null;
        }
        catch (Exception e) when (IsSilence(e, cancellation))
        {
            throw new UnavailableException(UnavailableException.Store, "The store of live jobs does not answer.", e);
        }

        return JobSnapshots.Of(await AskAsync(new CancelJob(job), RemovalPatience, cancellation));
    }

    /// <summary>
    /// A node that is cut off or has just thawed may still have an actor of the job, which has gone on elsewhere meanwhile. The journal knows; what is written between the answer
    /// and the look is in the second answer.
    /// </summary>
    private async Task<JobState> AskNewestAsync(JobId job, CancellationToken cancellation)
    {
        var state = await AskAsync(job, cancellation);
        try
        {
            var highest = await store.HighestAsync(job).WaitAsync(cancellation);
            if (state.Version < highest) state = await AskAsync(job, cancellation);
            return state.Version >= highest ? state : throw new UnavailableException(UnavailableException.Store, "The job has gone on at another node.");
        }
        catch (Exception e) when (IsSilence(e, cancellation))
        {
            LogProgressSilent(logger, e, job);
            return state;
        }
    }

    public Task<JobState> AskAsync(JobId job, CancellationToken cancellation) => AskAsync(new GetJob(job), Patience, cancellation);

    public async Task<JobState> AskAsync(IJobMessage message, TimeSpan patience, CancellationToken cancellation)
    {
        try
        {
            return await jobs.ActorRef.Ask<JobState>(message, patience, cancellation);
        }
        catch (AskTimeoutException e)
        {
            throw new UnavailableException(UnavailableException.Store, "The job does not answer now.", e);
        }
    }

    /// <summary>Whether nothing of the job's clone exists any more, as far as the event log knows; null if it does not know the job.</summary>
    public async Task<bool?> IsTerminalAsync(JobId job, CancellationToken cancellation) => (await ViewAsync(job, cancellation))?.Job.IsTerminal;

    /// <summary>True if either log knows the job: one that Redis has lost is still a job.</summary>
    public async Task<bool> ExistsAsync(JobId job, CancellationToken cancellation) =>
        await store.IsKnownAsync(job).WaitAsync(cancellation) || await LoadAsync(job, cancellation) is not null;

    /// <summary>A caller who hangs up is no silence of Redis.</summary>
    private static bool IsSilence(Exception e, CancellationToken cancellation) => RedisTrouble.Is(e) && !cancellation.IsCancellationRequested;

    private async Task<JobSnapshot> WithPositionAsync(JobState state)
    {
        var snapshot = JobSnapshots.Of(state);
        if (!state.Job.IsWaiting) return snapshot with { EstimatedCompletion = forecast.Of(state.Job, position: null) };
        try
        {
            var answer = await queue.ActorRef.Ask<QueuePosition>(new GetQueuePosition(state.Id), PatienceWithQueue);
            return snapshot with { QueuePosition = answer.Position, EstimatedCompletion = forecast.Of(state.Job, answer.Position, answer.Slots) };
        }
        catch (AskTimeoutException e)
        {
            LogQueueSilent(logger, e, state.Id);
            return snapshot;
        }
    }

    /// <summary>
    /// What has once been told of a job's progress outlives the actor that said it, the step it was said of, and this node: it is on disk before it is told.
    /// </summary>
    /// <param name="written">How much of it follows from the job's events, which are on disk. While Redis is away no more is told, unless it was before.</param>
    private async Task<JobSnapshot> WithToldProgressAsync(JobSnapshot snapshot, int? written = null)
    {
        if (snapshot.Progress == 100) return told.AtLeast(snapshot);
        try
        {
            var known = await store.ProgressAsync(snapshot.Job);

            // The job notes it too, but does not wait for that.
            if (known < snapshot.Progress && snapshot.Status is JobStatus.Pending or JobStatus.Running) known = await store.RaiseProgressAsync(snapshot.Job, snapshot.Progress);
            return told.AtLeast(snapshot with { Progress = Math.Max(snapshot.Progress, known) });
        }
        catch (Exception e) when (RedisTrouble.Is(e))
        {
            LogProgressSilent(logger, e, snapshot.Job);
            return told.AtLeast(snapshot with { Progress = written ?? snapshot.Progress });
        }
    }

    /// <summary>
    /// What the job has written and the event log has not heard of yet; somebody may have been told of it. A job that may have ended since is not said to run: while
    /// its journal cannot be read either, only what is decided for good is told.
    /// </summary>
    private async Task<JobStatusView> WithJournalAsync(JobId job, JobStatusView view, CancellationToken cancellation)
    {
        try
        {
            // Where the journal does not answer its history is the event log's, which may be behind.
            var highest = await store.HighestAsync(job).WaitAsync(cancellation);
            var written = (await history.ReadAsync(job, view.Version + 1, cancellation)).Aggregate(view, (before, e) => before.After(e, before.Version + 1));
            return written.Version >= highest ? written : throw new UnavailableException(UnavailableException.Store, "The job's journal cannot be read now.");
        }
        catch (Exception e) when (view.Job.Outcome is not Outcome.Open && (e is UnavailableException || IsSilence(e, cancellation)))
        {
            LogJournalSilent(logger, e, job);
            return view;
        }
        catch (Exception e) when (IsSilence(e, cancellation))
        {
            throw new UnavailableException(UnavailableException.Store, "Neither the job nor its journal answers now.", e);
        }
    }

    /// <summary>What the projection says, or has said before as long as the journal has nothing newer; and whether that is all there is to tell.</summary>
    private async Task<(JobStatusView? View, bool IsAll)> RestingAsync(JobId job, long seen, CancellationToken cancellation)
    {
        if (_resting.Find(job) is { } known && known.Version >= seen && await HasMoreAsync(job, known) is not true and var more) return (known, more is false);
        var view = await ViewAsync(job, cancellation);
        if (view is null || view.Version < seen || IsAtWork(view.Job) || await HasMoreAsync(job, view) is not false) return (view, false);
        _resting.Remember(job, view);
        return (view, true);
    }

    private static bool IsAtWork(IJob job) => job.NextStep is not null || job.IsBuilding;

    /// <summary>
    /// A clone is said to serve, with its password, or a job to have failed, only if nothing that is not archived yet says otherwise: whoever was answered
    /// that it is being removed is not told the opposite. Of a job that is over there is nothing more to say.
    /// </summary>
    /// <returns>Null while Redis does not tell. The job itself may still know; if it does not answer either, the view is all there is to tell.</returns>
    private async Task<bool?> HasMoreAsync(JobId job, JobStatusView view)
    {
        try
        {
            return !view.Job.IsOver && await store.HighestAsync(job) > view.Version;
        }
        catch (Exception e) when (RedisTrouble.Is(e))
        {
            LogProgressSilent(logger, e, job);
            return null;
        }
    }

    private async Task<JobStatusView?> ViewAsync(JobId job, CancellationToken cancellation)
    {
        if (_projection.IsOver) return null;
        try
        {
            return await _projection.AskAsync(() => LoadAsync(job, CancellationToken.None), cancellation);
        }
        catch (Exception e) when (PostgreSqlTrouble.Is(e))
        {
            LogProjectionSilent(logger, e, job);
            return null;
        }
    }

    private async Task<JobStatusView?> LoadAsync(JobId job, CancellationToken cancellation)
    {
        await using var session = documents.QuerySession();
        return await session.LoadAsync<JobStatusView>(job.Value, cancellation);
    }

    [LoggerMessage(1036, LogLevel.Warning, "Job {JobId}: neither log answers; its status is what the projection said last.")]
    private static partial void LogJournalSilent(ILogger logger, Exception error, JobId jobId);

    [LoggerMessage(1030, LogLevel.Warning, "Job {JobId}: the projection does not answer; the job itself is asked.")]
    private static partial void LogProjectionSilent(ILogger logger, Exception error, JobId jobId);

    [LoggerMessage(1031, LogLevel.Warning, "Job {JobId}: the job does not answer; its status comes from the projection.")]
    private static partial void LogJobSilent(ILogger logger, Exception error, JobId jobId);

    [LoggerMessage(1033, LogLevel.Warning, "Job {JobId}: the queue does not answer; its status goes without a position.")]
    private static partial void LogQueueSilent(ILogger logger, Exception error, JobId jobId);

    [LoggerMessage(1032, LogLevel.Warning, "Job {JobId}: Redis does not answer; what is told of it is what its actor, the event log and this node know.")]
    private static partial void LogProgressSilent(ILogger logger, Exception error, JobId jobId);
}
