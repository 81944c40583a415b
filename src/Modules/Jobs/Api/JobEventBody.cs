using CloneHub.Contracts;
using CloneHub.Jobs.Certificates;
using CloneHub.Jobs.GetJobStatus;

namespace CloneHub.Jobs.Api;

/// <summary>
/// An event as followers of a job see it: when it was, what the job's status was from then on, and the facts of its kind. docs/api.md
/// says which event has which. What only CloneHub itself needs (tenant, fence, node, hash of the request) is not told.
/// </summary>
internal sealed record JobEventBody
{
    public required string JobId { get; init; }
    public required DateTimeOffset At { get; init; }
    public required JobStatus Status { get; init; }
    public Uri? SourceUrl { get; init; }
    public string? CustomerId { get; init; }
    public int? TtlMinutes { get; init; }
    public string? Fidelity { get; init; }
    public bool? Replace { get; init; }
    public string? Priority { get; init; }
    public bool? ByHand { get; init; }
    public bool? MediaOnDemand { get; init; }
    public string? Step { get; init; }
    public int? Attempt { get; init; }
    public ContentBody? Content { get; init; }
    public MediaBody? Media { get; init; }
    public string? PluginVersion { get; init; }
    public Uri? CloneUrl { get; init; }
    public IReadOnlyList<string>? Warnings { get; init; }
    public CrawlBody? Crawl { get; init; }
    public JobErrorBody? Error { get; init; }
    public DateTimeOffset? RetryAt { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }
    public DateTimeOffset? RemoveAt { get; init; }
    public IReadOnlyList<string>? Replaced { get; init; }
    public string? Notice { get; init; }
    public string? Reason { get; init; }
    public Uri? TargetUrl { get; init; }
    public string? SourceJob { get; init; }
    public bool? PreservePlugins { get; init; }
    public bool? PreserveThemes { get; init; }
    public string? OnDrift { get; init; }
    public IReadOnlyList<string>? KeepTables { get; init; }
    public bool? DryRun { get; init; }
    public PlanBody? Plan { get; init; }
    public long? HeldMilliseconds { get; init; }
    public DateTimeOffset? UndoUntil { get; init; }

    /// <summary>The event's name in both logs without its version: versions are about how it is stored.</summary>
    public static string NameOf(IJobEvent e)
    {
        var name = EventNames.Of(e);
        return name[..name.LastIndexOf('.')];
    }

    /// <param name="after">The job once the event was applied.</param>
    public static JobEventBody From(JobId id, IJobEvent e, IJob after)
    {
        var body = new JobEventBody { JobId = id.Value, At = e.At, Status = Enum.Parse<JobStatus>(after.Status, ignoreCase: true) };
        return e switch
        {
            CloneRequested r => body with
            {
                SourceUrl = r.SourceUrl,
                CustomerId = r.CustomerId,
                TtlMinutes = (int)r.Ttl.TotalMinutes,
                Fidelity = JobSnapshots.NameOf(r.Fidelity),
                Replace = r.Replaces,
                Priority = r.Priority is JobPriority.Bulk ? CloneRequestBody.Bulk : null,
                ByHand = r.ByHand ? true : null,
                MediaOnDemand = r.Media is CloneMedia.OnDemand ? true : null,
            },
            ActionRequired a => body with { Step = JobSnapshots.NameOf(a.Step), Attempt = a.Attempt, Error = ErrorOf(a.Fault, a.Step) },
            StepStarted s => body with { Step = JobSnapshots.NameOf(s.Step), Attempt = s.Attempt },
            ContentImported c => body with { Content = ContentBody.From(c.Content), Media = c.Awaited is { } a ? MediaBody.From(new MediaState(a, IsPending: true, null)) : null, Warnings = c.Warnings },
            PluginActivated p => body with { PluginVersion = p.Version },
            IngressReady i => body with { CloneUrl = i.CloneUrl, ExpiresAt = i.ExpiresAt, Warnings = i.Warnings },
            Crawled c => body with { Crawl = c.Facts is { } facts ? CrawlBody.From(facts) : null, Error = c.Fault is { } fault ? ErrorOf(fault, CloneStep.Crawl) : null },
            MediaFetched m => body with { Media = MediaBody.Of(after), Warnings = m.Facts?.Notes, Error = m.Fault is { } fault ? ErrorOf(fault, CloneStep.FetchMedia) : null },
            StepFailed f => body with { Step = JobSnapshots.NameOf(f.Step), Attempt = f.Attempt, Error = ErrorOf(f.Fault, f.Step), RetryAt = f.RetryAt },
            JobFailed f => body with { Step = JobSnapshots.NameOf(f.Step), Error = ErrorOf(f.Fault, f.Step), RemoveAt = f.RemoveAt },
            Extended x => body with { ExpiresAt = x.ExpiresAt },
            EarlierReplaced r => body with { Replaced = r.Jobs },
            NoticeDelivered n => body with { Notice = JobSnapshots.NameOf(n.Notice), Attempt = n.Attempt },
            NoticeFailed n => body with { Notice = JobSnapshots.NameOf(n.Notice), Attempt = n.Attempt, Reason = n.Reason, RetryAt = n.RetryAt },
            _ => RestoreEventBody.From(body, e),
        };
    }

    public static JobErrorBody ErrorOf(StepFault fault, CloneStep? step) => new(fault.Code, fault.Message, fault.Hint, JobSnapshots.NameOf(step), fault.Retryable);
}

/// <summary>Where a job stands between two of its events. Not stored, so it has no number and is never sent again.</summary>
internal sealed record JobProgressBody(string JobId, JobStatus Status, int Progress, string Message);
