using Akka.Actor;
using CloneHub.Contracts;
using CloneHub.Jobs.Archive;
using CloneHub.Jobs.Callbacks;
using CloneHub.Jobs.FollowJob;
using CloneHub.Jobs.GetJobStatus;
using CloneHub.Jobs.Journal;
using CloneHub.Jobs.Vault;
using Microsoft.Extensions.Logging;

namespace CloneHub.Jobs;

/// <summary>
/// What every job's actor works with. The notes to Redis are sent without waiting: each is repeated by the next recovery, so that one that
/// was lost delays and never loses anything. A failure is logged, with the job.
/// </summary>
internal sealed partial class JobEngine(
    JobStore store, JobVault vault, EventLog log, TimeProvider clock, Random random, string node, ILogger<CloneJobActor> logger)
{
    public required IActorRef Runner { get; init; }
    public required IActorRef Archiver { get; init; }
    public required IActorRef Queue { get; init; }
    public required IActorRef Waker { get; init; }
    public required EarlierClones Earlier { get; init; }
    public required JobNews News { get; init; }
    public required CompletionForecast Forecast { get; init; }
    public required CallbackSender Callbacks { get; init; }

    /// <summary>There are no other nodes.</summary>
    public required bool IsAlone { get; init; }

    public ILogger Logger => logger;
    public string Node => node;
    public DateTimeOffset Now => clock.GetUtcNow();

    public double Jitter()
    {
        lock (random) return random.NextDouble();
    }

    public Task<IReadOnlyList<RecordedEvent>> History(JobId job) => log.ReadAsync(job, 0, CancellationToken.None);

    public void SetDeadline(JobId job, DateTimeOffset? deadline) =>
        _ = Note(job, "deadline", deadline is { } at ? store.SetDeadlineAsync(job, at) : store.RemoveDeadlineAsync(job));

    public void NoteLive(JobId job, IJobRequest request) =>
        _ = Note(job, "entry in the index", store.AddLiveAsync(job, request.At, JobLabel.Of(request)));

    public void NoteArchived(JobId job, long upTo) => _ = Note(job, "archived number", store.SetArchivedAsync(job, upTo));

    /// <summary>A job that is over and archived to its end needs nobody to wake it; only its purge is still due, by its deadline.</summary>
    public void NoteOver(JobId job, IJobRequest request) => _ = Note(job, "end", store.RemoveLiveAsync(job, JobLabel.Of(request)));

    public void NoteProgress(JobId job, int percent) => _ = Note(job, "progress", store.RaiseProgressAsync(job, percent));

    public void DropSourceSecrets(JobId job) => _ = Note(job, "source credentials", vault.ForgetSourceAsync(job, CancellationToken.None));

    public void DropCloneSecrets(JobId job) => _ = Note(job, "clone's secrets", vault.ForgetCloneAsync(job, CancellationToken.None));

    public void DropSecrets(JobId job) => _ = Note(job, "secrets", vault.DeleteAsync(job, CancellationToken.None));

    public void NoteTarget(JobId job, string site, bool holds) =>
        _ = Note(job, "site", holds ? store.TakeTargetAsync(site, job) : store.ReleaseTargetAsync(site, job));

    public void NoteRestored(JobId job, string sourceJob, string site, bool hasRestored) =>
        _ = Note(job, "restored site", hasRestored ? store.SetRestoredAsync(sourceJob, site, job) : store.ForgetRestoredAsync(sourceJob, site, job));

    public void Forget(JobId job, IJobRequest request, IActorRef replyTo) =>
        _ = Note(job, "index entries", store.ForgetAsync(job, JobLabel.Of(request)), then: () => replyTo.Tell(new CloneJobActor.Forgotten()));

    private async Task Note(JobId job, string what, Task write, Action? then = null)
    {
        try
        {
            await write;
            then?.Invoke();
        }
        catch (SecretsUnreadableException e)
        {
            // Trying again does not help: a person has to bring the master key back.
            LogSecretsUnreadable(logger, e, job, what);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            LogNoteFailed(logger, e, job, what);
            Waker.Tell(new WakeLater(job));
        }
    }

    [LoggerMessage(1012, LogLevel.Error, "Job {JobId}: its {What} could not be dropped because its secrets cannot be opened. Is a master key missing?")]
    private static partial void LogSecretsUnreadable(ILogger logger, Exception error, JobId jobId, string what);

    [LoggerMessage(1010, LogLevel.Warning, "Job {JobId}: its {What} could not be written to Redis; it will be when the job is next woken.")]
    private static partial void LogNoteFailed(ILogger logger, Exception error, JobId jobId, string what);
}
