using Akka.Hosting;
using CloneHub.Contracts;
using CloneHub.Jobs.Api;
using CloneHub.Jobs.Archive;
using CloneHub.Jobs.GetJobStatus;
using CloneHub.Jobs.Journal;
using CloneHub.Jobs.ListJobs;
using CloneHub.Jobs.Queue;
using CloneHub.Jobs.Vault;
using Microsoft.Extensions.Options;

namespace CloneHub.Jobs;

/// <summary>
/// Accepts requests. One script writes the first event, the index of live jobs, the deadline and the sealed secrets; when it has answered
/// the job is durable, and only then is its actor woken. So acceptance needs Redis and nothing else, not even a running shard.
/// </summary>
internal sealed class JobIntake(
    JobStore store,
    JobVault vault,
    IdempotentJobId ids,
    RequestFingerprint fingerprint,
    RedisJournalFormat format,
    JobReader reader,
    ArchiveLag lag,
    NewJobs newJobs,
    QueueLoad queue,
    IOptions<QueueOptions> limits,
    IRequiredActor<JobsRegion> jobs,
    TimeProvider clock) : IJobIntake
{
    /// <summary>The client of Redis needs up to ten seconds to find out that nobody answers.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public async Task<Accepted> AcceptAsync(IJobDemand request, CancellationToken cancellation)
    {
        if (lag.IsTooLarge)
            throw new UnavailableException(UnavailableException.Archive, "The event log is too far behind to accept more jobs.");

        try
        {
            // Left behind, not undone: what is written after all is a job like any other, and a repeat under its key is told of it.
            return await TakeAsync(request).WaitAsync(Patience, clock, cancellation);
        }
        catch (Exception e) when (RedisTrouble.Is(e) && !cancellation.IsCancellationRequested)
        {
            throw new UnavailableException(UnavailableException.Store, "The store of live jobs does not answer.", e);
        }
    }

    public async Task<Accepted?> EarlierAsync(IJobDemand request, CancellationToken cancellation)
    {
        if (request.IdempotencyKey is not { } key) return null;
        try
        {
            var job = ids.Of(request.Tenant, key);
            var earlier = await EarlierAsync(request) ?? (await store.IsKnownAsync(job) ? job : null);
            return earlier is { } known ? await ExistingAsync(known, request).WaitAsync(Patience, clock, cancellation) : null;
        }
        catch (Exception e) when (RedisTrouble.Is(e) && !cancellation.IsCancellationRequested)
        {
            throw new UnavailableException(UnavailableException.Store, "The store of live jobs does not answer.", e);
        }
    }

    private async Task<Accepted> TakeAsync(IJobDemand request)
    {
        if (await EarlierAsync(request) is { } earlier) return await ExistingAsync(earlier, request);
        var job = request.IdempotencyKey is { } key ? ids.Of(request.Tenant, key) : IdempotentJobId.New();
        if (Refusal(request.Tenant) is { } refusal)
        {
            // What was accepted before is not refused when it is asked for again.
            if (request.IdempotencyKey is not null && await store.IsKnownAsync(job)) return await ExistingAsync(job, request);
            JobsTelemetry.CountRefused(refusal is TooManyJobsException ? ProblemKind.TooManyJobs.Code : UnavailableException.Queue);
            throw refusal;
        }

        return await StoreAsync(job, request) ?? await ExistingAsync(job, request);
    }

    /// <summary>Decided before anything is written. Many at once may pass a limit by as many as there are at once.</summary>
    private Exception? Refusal(string tenant)
    {
        var (waiting, open) = queue.At(clock.GetUtcNow(), tenant);
        if (open >= limits.Value.MaxOpenPerTenant) return new TooManyJobsException(open);
        return waiting < limits.Value.MaxWaiting ? null : new UnavailableException(UnavailableException.Queue, "Too many jobs wait to accept more.");
    }

    private async Task<Accepted?> StoreAsync(JobId job, IJobDemand request)
    {
        var now = clock.GetUtcNow();
        var command = request.Command(fingerprint.Of(request), JobsTelemetry.TraceParent);
        var requested = (IJobRequest)(command is RequestRestore ? RestoreJob.None : Lifecycles.None).Decide(command, now).Single();
        var state = Lifecycles.None.After(requested);
        var secrets = vault.Seal(job, request.Secrets());
        var first = format.FirstEvent(job, new RecordedEvent(Guid.CreateVersion7(now), requested));
        var intake = new Intake(job, first, secrets, now, state.Deadline!.Value, JobLabel.Of(requested), (state as RestoreJob)?.HoldsTarget);
        switch (await store.AcceptAsync(intake))
        {
            case IntakeResult.AlreadyKnown: return null;
            case IntakeResult.TargetTaken: return await AfterHolderAsync(job, request, intake.Label!.CustomerId);
        }

        JobsTelemetry.CountAccepted();
        queue.Coming(job, request.Tenant, now);
        jobs.ActorRef.Tell(new WakeJob(job, IsNew: request.IdempotencyKey is null), Akka.Actor.ActorRefs.NoSender);
        var snapshot = JobSnapshots.Of(job, state, version: 1);
        newJobs.Add(snapshot);
        return new Accepted(snapshot, Acceptance.Created);
    }

    /// <summary>Who is at work at the site says so itself: what it noted when it let go may have been lost.</summary>
    private async Task<Accepted?> AfterHolderAsync(JobId job, IJobDemand request, string site)
    {
        if (await store.HolderOfTargetAsync(site) is not { } holder) return await StoreAsync(job, request);
        var state = await reader.AskAsync(holder, CancellationToken.None);
        if (state.Job is RestoreJob { HoldsTarget: true }) return new Accepted(JobSnapshots.Of(state), Acceptance.TargetTaken);
        await store.ReleaseTargetAsync(site, holder);
        return await StoreAsync(job, request);
    }

    private async Task<Accepted> ExistingAsync(JobId job, IJobDemand request)
    {
        var state = await reader.AskAsync(job, CancellationToken.None);
        var same = fingerprint.Matches(request, state.Job.Request!.RequestHash);
        return new Accepted(JobSnapshots.Of(state), same ? Acceptance.Existing : Acceptance.Conflict);
    }

    /// <summary>The job of the same key from before a rotation of the master key, if there is one.</summary>
    private async Task<JobId?> EarlierAsync(IJobDemand request)
    {
        if (request.IdempotencyKey is not { } key) return null;
        foreach (var job in ids.Earlier(request.Tenant, key))
        {
            if (await store.IsKnownAsync(job)) return job;
        }

        return null;
    }
}
