using System.Diagnostics;
using System.Diagnostics.Metrics;
using CloneHub.Contracts;
using CloneHub.Jobs.Archive;
using CloneHub.Jobs.Projections;
using CloneHub.Jobs.Queue;

namespace CloneHub.Jobs;

/// <summary>
/// Spans and figures of this module, under its own name. The trace of a job begins with the request for it, and every span names its
/// parent outright: actors hand no context on. Figures tell of no tenant, job or site.
/// </summary>
internal static class JobsTelemetry
{
    public const string Name = "CloneHub.Jobs";

    /// <summary>Seconds; from a clone of a small site to one that is given up after two hours.</summary>
    private static readonly InstrumentAdvice<double> LongTimes = new() { HistogramBucketBoundaries = [0.1, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 7200] };
    private static readonly InstrumentAdvice<double> ShortTimes = new() { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2] };
    private static readonly InstrumentAdvice<double> Delays = new() { HistogramBucketBoundaries = [0.5, 1, 2, 5, 10, 30, 60, 300, 3600] };

    private static readonly ActivitySource Activities = new(Name);
    private static readonly Meter Meter = new(Name);

    private static readonly Counter<long> JobsAccepted = Meter.CreateCounter<long>("clonehub.jobs.accepted", "{job}", "Jobs accepted.");
    private static readonly Counter<long> JobsCompleted = Meter.CreateCounter<long>("clonehub.jobs.completed", "{job}", "Jobs whose clone came to serve.");
    private static readonly Counter<long> JobsFailed = Meter.CreateCounter<long>("clonehub.jobs.failed", "{job}", "Jobs that failed, by code and step.");
    private static readonly Counter<long> JobsCancelled = Meter.CreateCounter<long>("clonehub.jobs.cancelled", "{job}", "Jobs cancelled before they served.");
    private static readonly Counter<long> Retries = Meter.CreateCounter<long>("clonehub.step.retries", "{attempt}", "Attempts that failed and are tried again, by code and step.");
    private static readonly Counter<long> Refusals = Meter.CreateCounter<long>("clonehub.jobs.refused", "{job}", "Requests to clone refused because too much waits, by code.");
    private static readonly Counter<long> LostSlots = Meter.CreateCounter<long>("clonehub.slots.lost", "{slot}", "Slots lost because their worker was silent.");
    private static readonly Counter<long> ArchiveFailures = Meter.CreateCounter<long>("clonehub.archive.failures", "{write}", "Writes to the event log that failed.");
    private static readonly Counter<long> Forks = Meter.CreateCounter<long>("clonehub.archive.forks", "{job}", "Jobs parked because journal and event log tell two histories.");
    private static readonly Counter<long> RedisFailures = Meter.CreateCounter<long>("clonehub.redis.failures", "{ping}", "Pings that Redis did not answer.");

    private static readonly Counter<long> Calls = Meter.CreateCounter<long>("clonehub.callback.attempts", "{call}", "Calls to owners of jobs, whatever became of them.");
    private static readonly Counter<long> CallFailures = Meter.CreateCounter<long>("clonehub.callback.failures", "{call}", "Calls that were not answered as they should, by whether another one follows.");

    private static readonly Histogram<double> Durations = Meter.CreateHistogram("clonehub.job.duration", "s", "From the request to serving.", advice: LongTimes);
    private static readonly Histogram<double> Waits = Meter.CreateHistogram("clonehub.queue.wait.duration", "s", "From the request to a slot.", advice: LongTimes);
    private static readonly Histogram<double> Lateness = Meter.CreateHistogram("clonehub.expiry.lateness", "s", "From the end of a clone's time to the job's noticing.", advice: Delays);
    private static readonly Histogram<double> Pings = Meter.CreateHistogram("clonehub.redis.ping.duration", "s", "One round trip to Redis.", advice: ShortTimes);

    private static readonly Histogram<double> CallAges = Meter.CreateHistogram("clonehub.callback.age", "s", "From what an owner is called about to its answer.", advice: Delays);

    private static readonly Gauge<long> Live = Meter.CreateGauge<long>("clonehub.jobs.live", "{job}", "Jobs that are not over: waiting, building, serving, failed or going.");
    private static readonly Gauge<long> Unarchived = Meter.CreateGauge<long>("clonehub.archive.unarchived.events", "{event}", "Events in Redis that the event log does not have.");
    private static readonly Gauge<double> Memory = Meter.CreateGauge<double>("clonehub.redis.memory.utilization", "1", "Used memory of Redis, of what it may use.");

    private static readonly Gauge<long> ProjectionLag = Meter.CreateGauge<long>("clonehub.projection.lag.events", "{event}", "Events in the event log that a projection has not counted.");
    private static readonly Gauge<double> ProjectionDelay = Meter.CreateGauge<double>("clonehub.projection.delay", "s", "How long the oldest of them has waited.");

    /// <summary>The span that is open now, as a W3C traceparent: 55 characters, no secret. Null if there is none.</summary>
    public static string? TraceParent => Activity.Current is { IdFormat: ActivityIdFormat.W3C } now ? now.Id : null;

    /// <summary>Shows what has not happened yet as 0, so that the first time is a rise.</summary>
    public static void Begin()
    {
        foreach (var counter in (Counter<long>[])[JobsAccepted, JobsCompleted, JobsFailed, JobsCancelled, Retries, ArchiveFailures, Forks, RedisFailures, Calls, LostSlots]) counter.Add(0);
        foreach (var final in (bool[])[false, true]) CallFailures.Add(0, new KeyValuePair<string, object?>("final", final));
    }

    /// <summary>Figures that are looked up whenever somebody asks.</summary>
    public static void Watch(Meter meter, QueueLoad queue, ArchiveLag lag, TimeProvider clock)
    {
        meter.CreateObservableGauge("clonehub.queue.depth", () => queue.Waiting, "{job}", "Jobs that wait for a slot.");
        meter.CreateObservableGauge("clonehub.queue.oldest.age", () => queue.OldestAge(clock.GetUtcNow()).TotalSeconds, "s", "How long the first in the queue has waited.");
        meter.CreateObservableGauge("clonehub.slots.usage", () => queue.Holding, "{slot}", "Slots taken by jobs that build.");
        meter.CreateObservableGauge("clonehub.slots.limit", () => queue.Slots, "{slot}", "Slots there are.");
        meter.CreateObservableGauge("clonehub.queue.bulk.depth", () => queue.State.WaitingBulk, "{job}", "Those of them that may take their time.");
        meter.CreateObservableGauge("clonehub.queue.capped.depth", () => queue.State.Capped, "{job}", "Those of them that wait for a ceiling and not for a slot.");
        meter.CreateObservableGauge("clonehub.workers.usage", () => queue.State.Workers, "{worker}", "Workers that offer slots.");
        meter.CreateObservableGauge("clonehub.clones.usage", () => queue.State.Clones, "{clone}", "Clones that count against the ceilings: built, serving, kept after a failure, or going.");
        meter.CreateObservableGauge("clonehub.archive.waiting.events", () => lag.Waiting, "{event}", "Events that this node has still to write to the event log.");
        meter.CreateObservableGauge("clonehub.archive.lag", () => lag.Age.TotalSeconds, "s", "How long the oldest of them has waited.");
    }

    public static void CountAccepted() => JobsAccepted.Add(1);

    public static void CountRefused(string code) => Refusals.Add(1, new KeyValuePair<string, object?>("code", code));

    public static void CountLostSlot() => LostSlots.Add(1);

    /// <param name="job">The job with the event applied.</param>
    public static void Count(IJobEvent e, IJob job)
    {
        switch (e)
        {
            case Started s:
                Waits.Record((s.At - job.Request!.At).TotalSeconds);
                break;
            case StepFailed f:
                Retries.Add(1, Code(f.Fault), Step(f.Step));
                break;
            case IngressReady i:
                JobsCompleted.Add(1);
                Durations.Record((i.At - job.Request!.At).TotalSeconds);
                break;
            case JobFailed f:
                JobsFailed.Add(1, Code(f.Fault), Step(f.Step));
                break;
            case Cancelled:
                JobsCancelled.Add(1);
                break;
            case Expired x when job is CloneJob clone && (clone.ExpiresAt ?? clone.RemoveAt) is { } due:
                Lateness.Record((x.At - due).TotalSeconds);
                break;
            case NoticeDelivered n:
                Calls.Add(1);
                if ((n.Notice is Notice.Removed ? job.RemovedAt : job.CompletedAt) is { } since) CallAges.Record((n.At - since).TotalSeconds);
                break;
            case NoticeFailed n:
                Calls.Add(1);
                CallFailures.Add(1, new KeyValuePair<string, object?>("final", n.RetryAt is null));
                break;
        }
    }

    public static void CountArchiveFailure() => ArchiveFailures.Add(1);

    public static void CountFork() => Forks.Add(1);

    public static void CountRedisFailure() => RedisFailures.Add(1);

    public static void Measured(TimeSpan ping, long live, long unarchived, double memory)
    {
        Pings.Record(ping.TotalSeconds);
        Live.Record(live);
        Unarchived.Record(unarchived);
        Memory.Record(memory);
    }

    public static void Measured(ProgressOfProjection at, DateTimeOffset now)
    {
        var projection = new KeyValuePair<string, object?>("projection", at.Name);
        ProjectionLag.Record(Math.Max(0, at.Highest - at.At), projection);
        ProjectionDelay.Record(at.OldestWaiting is { } oldest && oldest < now ? (now - oldest).TotalSeconds : 0, projection);
    }

    /// <summary>A mark in the job's trace: this was written down. Log lines of what follows from it carry the trace.</summary>
    public static Activity? Mark(JobId id, IJob job, IReadOnlyList<RecordedEvent> recorded) =>
        Start($"job {EventNames.Of(recorded[0].Event)}", id, job.Request?.TraceParent);

    public static Activity? StartArchiving(ArchiveEntry entry) =>
        Start("archive", entry.Job, entry.TraceParent)?.SetTag("clonehub.archive.first", entry.First).SetTag("clonehub.archive.last", entry.Last);

    /// <summary>Without a parent there is no span: it would be a trace of its own that tells nothing.</summary>
    private static Activity? Start(string name, JobId id, string? traceParent) =>
        ActivityContext.TryParse(traceParent, null, isRemote: true, out var parent)
            ? Activities.StartActivity(name, ActivityKind.Internal, parent)?.SetTag("clonehub.job", id.Value)
            : null;

    private static KeyValuePair<string, object?> Code(StepFault fault) => new("code", fault.Code);

    private static KeyValuePair<string, object?> Step(CloneStep? step) => new("step", step?.ToString() ?? "none");
}
