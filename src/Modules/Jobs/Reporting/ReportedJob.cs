using CloneHub.Contracts;

namespace CloneHub.Jobs.Reporting;

/// <summary>
/// What the reports must remember of a job until its end, because later events do not say it: whose it is, what runs since when, whether
/// it serves. Gone with the job's last event.
/// </summary>
internal sealed record ReportedJob
{
    public required string Id { get; init; }

    public required string Tenant { get; init; }

    /// <summary>Empty if the request named none.</summary>
    public required string Customer { get; init; }

    public required DateTimeOffset RequestedAt { get; init; }

    public CloneStep? Step { get; init; }

    public DateTimeOffset? StepStartedAt { get; init; }

    public bool Serves { get; init; }

    /// <summary>The reports are of clones: a restore is remembered only so that its events are known for what they are.</summary>
    public bool IsRestore { get; init; }

    public static ReportedJob Of(string id, IJobRequest request) =>
        new() { Id = id, Tenant = request.Tenant, Customer = request.CustomerId ?? "", RequestedAt = request.At, IsRestore = request is RestoreRequested };

    /// <summary>Null once nothing more can happen to the job.</summary>
    public ReportedJob? After(IJobEvent e) => e switch
    {
        StepStarted s => this with { Step = s.Step, StepStartedAt = s.At },
        IngressReady => this with { Step = null, StepStartedAt = null, Serves = true },
        CancelRequested or Expired => this with { Step = null, StepStartedAt = null, Serves = false },
        DatabaseReady or PodReady or ContentImported or PluginActivated or Crawled or MediaFetched or StepFailed or JobFailed => this with { Step = null, StepStartedAt = null },
        Removed or RestoreEnded or Cancelled => null,
        _ => this,
    };
}
