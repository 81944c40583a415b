using System.Diagnostics;
using JasperFx.Events;
using JasperFx.Events.Projections;
using Marten;
using Marten.Events.Projections;

namespace CloneHub.Jobs.Reporting;

/// <summary>
/// Counts every event once for its tenant's day and once for its customer's. Asynchronous, because a day belongs to many jobs: Marten's
/// daemon alone writes it, a page of events and the progress in one transaction, so that nothing is counted twice whatever crashes.
/// </summary>
internal sealed class ReportsProjection : ProjectionBase, IProjection
{
    public const string ProjectionName = "Reports";

    /// <summary>Every event is on one of these two lists; a test says so when a new one is on neither.</summary>
    public static readonly IReadOnlyList<Type> Counted =
    [
        typeof(CloneRequested), typeof(Started), typeof(StepStarted), typeof(DatabaseReady), typeof(PodReady), typeof(ContentImported),
        typeof(PluginActivated), typeof(IngressReady), typeof(Crawled), typeof(MediaFetched), typeof(StepFailed), typeof(JobFailed), typeof(CancelRequested), typeof(Cancelled),
        typeof(Expired), typeof(Removed), typeof(RestoreRequested), typeof(RestoreEnded),
    ];

    /// <summary>Events that no report asks about; they are not even loaded.</summary>
    public static readonly IReadOnlyList<Type> Ignored =
    [
        typeof(Extended), typeof(EarlierReplaced), typeof(NoticeDelivered), typeof(NoticeFailed), typeof(ActionRequired), typeof(ActionTaken),
        typeof(Planned), typeof(SnapshotTaken), typeof(Staged), typeof(Verified), typeof(Swapped), typeof(Probed), typeof(RestoreCompleted), typeof(RollbackRequested), typeof(RolledBack),
        typeof(RollbackFailed),
    ];

    public ReportsProjection()
    {
        Name = ProjectionName;
        foreach (var type in Counted) IncludeType(type);

        // A page rewrites each day it touches once: larger pages mean fewer rewrites while catching up.
        Options.BatchSize = 2000;
        Options.DeleteViewTypeOnTeardown<ReportDay>();
        Options.DeleteViewTypeOnTeardown<ReportedJob>();
    }

    public async Task ApplyAsync(IDocumentOperations operations, IReadOnlyList<IEvent> events, CancellationToken cancellation)
    {
        var jobs = await JobsAsync(operations, events, cancellation);
        var known = jobs.Keys.ToHashSet(StringComparer.Ordinal);
        var happened = events.Select(e => (Job: Fold(jobs, e), Event: (IJobEvent)e.Data)).ToList();
        await CountAsync(operations, [.. happened.Where(h => h.Event is not StepStarted && !h.Job.IsRestore)], cancellation);
        foreach (var (id, job) in jobs)
        {
            if (job is not null) operations.Store(job);
            else if (known.Contains(id)) operations.Delete<ReportedJob>(id);
        }
    }

    private static async Task<Dictionary<string, ReportedJob?>> JobsAsync(IDocumentOperations operations, IEnumerable<IEvent> events, CancellationToken cancellation)
    {
        var ids = events.Select(e => e.StreamKey!).Distinct(StringComparer.Ordinal).ToArray();
        var found = await operations.LoadManyAsync<ReportedJob>(cancellation, ids);
        return found.ToDictionary(job => job.Id, ReportedJob? (job) => job, StringComparer.Ordinal);
    }

    /// <summary>Takes the job one event further and answers what it was before.</summary>
    private static ReportedJob Fold(Dictionary<string, ReportedJob?> jobs, IEvent e)
    {
        var job = e.Data is IJobRequest request
            ? ReportedJob.Of(e.StreamKey!, request)
            : jobs.GetValueOrDefault(e.StreamKey!) ?? throw new UnreachableException($"Job {e.StreamKey}: {e.EventTypeName} follows its end or precedes its request.");
        jobs[e.StreamKey!] = job.After((IJobEvent)e.Data);
        return job;
    }

    private static async Task CountAsync(IDocumentOperations operations, List<(ReportedJob Job, IJobEvent Event)> happened, CancellationToken cancellation)
    {
        var places = happened.SelectMany(h => PlacesOf(h.Job, h.Event)).Distinct().ToList();
        var found = await operations.LoadManyAsync<ReportDay>(cancellation, [.. places.Select(p => ReportDay.IdOf(p.Tenant, p.Customer, p.Day))]);
        var byId = found.ToDictionary(day => day.Id, StringComparer.Ordinal);
        var days = places.ToDictionary(p => p, p => byId.GetValueOrDefault(ReportDay.IdOf(p.Tenant, p.Customer, p.Day)) ?? ReportDay.Empty(p.Tenant, p.Customer, p.Day));
        foreach (var (job, e) in happened)
        {
            foreach (var place in PlacesOf(job, e)) days[place].Count(job, e);
        }

        operations.Store(days.Values.AsEnumerable());
    }

    private static IEnumerable<Place> PlacesOf(ReportedJob job, IJobEvent e)
    {
        var day = DateOnly.FromDateTime(e.At.UtcDateTime);
        yield return new Place(job.Tenant, null, day);
        yield return new Place(job.Tenant, job.Customer, day);
    }

    private readonly record struct Place(string Tenant, string? Customer, DateOnly Day);
}
