using System.ComponentModel;
using System.Text.Json;
using CloneHub.Contracts;

namespace CloneHub.Jobs.Api;

/// <summary>What a restore would do, does or has done.</summary>
internal sealed record RestoreBody
{
    [Description("The site that gets the content.")]
    public required Uri TargetUrl { get; init; }

    [Description("The clone that it comes from.")]
    public required Uri CloneUrl { get; init; }

    [Description("The job of that clone; absent if none of yours made it.")]
    public string? SourceJobId { get; init; }

    public required bool DryRun { get; init; }

    [Description("Present once clone and site were compared, and in answers about this job alone.")]
    public PlanBody? Plan { get; init; }

    [Description("What was laid beside the site, as counted there.")]
    public ContentBody? Brought { get; init; }

    [Description("How long visitors were held while places changed.")]
    public long? HeldMilliseconds { get; init; }

    [Description("Until then POST /api/v2/jobs/{job_id}/rollback gives the site its old content again; absent if there is nothing to undo, or not any more.")]
    public DateTimeOffset? UndoUntil { get; init; }

    [Description("When the site got its old content again; absent if it did not.")]
    public DateTimeOffset? RolledBackAt { get; init; }

    [Description("Whether database and files agree at the restored site. Present once the restore is completed.")]
    public IntegrityBody? Integrity { get; init; }

    public static RestoreBody From(JobSnapshot job, RestoreState restore, bool withPlan) => new()
    {
        TargetUrl = restore.TargetUrl,
        CloneUrl = restore.CloneUrl,
        SourceJobId = restore.SourceJob,
        DryRun = restore.DryRun,
        Plan = withPlan && restore.Plan is { } plan ? PlanBody.From(plan) : null,
        Brought = restore.Brought is { } brought ? new ContentBody(brought.Tables, brought.Rows, brought.Files, brought.Bytes) : null,
        HeldMilliseconds = restore.HeldMilliseconds,
        UndoUntil = restore.UndoUntil,
        RolledBackAt = restore.RolledBackAt,
        Integrity = job.Status is JobStatus.Completed && !restore.DryRun ? new IntegrityBody(restore.Warnings.Count == 0 ? "healthy" : "warnings", restore.Warnings) : null,
    };
}

/// <summary>How what was restored fits together.</summary>
internal sealed record IntegrityBody(
    [property: Description("healthy or warnings.")] string Status,
    [property: Description("What is missing at the site, or was left out.")] IReadOnlyList<string> Warnings);

/// <summary>What a restore would do.</summary>
internal sealed record PlanBody(
    [property: Description("Tables of either side; those that change first, 300 at most.")] IReadOnlyList<TablePlanBody> Tables,
    FilesPlanBody Files,
    IReadOnlyList<ExtensionPlanBody> Plugins,
    IReadOnlyList<ExtensionPlanBody> Themes,
    [property: Description("Options that stay the site's, by name or by how they begin.")] IReadOnlyList<string> OptionsKept,
    [property: Description("What the site has earned since the clone was made, or since this clone's content was brought there before.")] IReadOnlyList<DriftBody> Drift,
    [property: Description("Why it cannot be done; empty if it can.")] IReadOnlyList<string> Obstacles,
    [property: Description("What will not fit together.")] IReadOnlyList<string> Warnings)
{
    public static PlanBody From(PlanFacts plan) => new(
        [.. plan.Tables.Select(t => new TablePlanBody(t.Name, t.RowsOfSite, t.RowsOfClone, t.Added, t.Changed, t.Removed, t.Stays))],
        new FilesPlanBody(plan.Files.Added, plan.Files.Changed, plan.Files.Removed, plan.Files.Bytes),
        Of(plan, ExtensionKind.Plugin), Of(plan, ExtensionKind.Theme), plan.OptionsKept,
        [.. plan.Drift.Select(d => new DriftBody(d.Table, NameOf(d.Kind), d.RowsThen, d.RowsNow, d.Added, d.Stays))],
        plan.Obstacles, plan.Warnings);

    public static string NameOf<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    private static IReadOnlyList<ExtensionPlanBody> Of(PlanFacts plan, ExtensionKind kind) =>
        [.. plan.Extensions.Where(e => e.Kind == kind).Select(e => new ExtensionPlanBody(e.Name, e.SiteVersion, e.CloneVersion, e.Stays, e.ActiveInClone, e.ActiveAfterwards))];
}

internal sealed record TablePlanBody(
    string Name,
    long RowsOfSite,
    long RowsOfClone,
    [property: Description("Rows that only the clone has; absent, like the next two, if they were not counted.")] long? Added,
    [property: Description("Rows that both have and that differ.")] long? Changed,
    [property: Description("Rows that only the site has.")] long? Removed,
    [property: Description("The site keeps its own, whatever the clone has.")] bool Stays);

internal sealed record FilesPlanBody(
    int Added,
    [property: Description("Generated ones among them may turn out to be the same.")] int Changed,
    [property: Description("Of plugins and themes that come from the clone and no longer have them.")] int Removed,
    [property: Description("To be brought.")] long Bytes);

internal sealed record ExtensionPlanBody(
    string Name,
    [property: Description("Absent if the site does not have it.")] string? SiteVersion,
    [property: Description("Absent if the clone does not have it.")] string? CloneVersion,
    [property: Description("The site keeps its own, or goes on without.")] bool Stays,
    bool ActiveInClone,
    [property: Description("Whether it is active at the site when the restore is done.")] bool ActiveAfterwards);

internal sealed record DriftBody(
    string Table,
    [property: Description("posts, comments, users, orders, settings or other.")] string Kind,
    [property: Description("Of the whole table.")] long RowsThen,
    [property: Description("Of the whole table; the same number does not mean the same rows.")] long RowsNow,
    [property: Description("New rows of this kind; absent if they cannot be told from others.")] long? Added,
    [property: Description("The table stays the site's, so that nothing of this is lost.")] bool Stays);

/// <summary>What followers of a restore are told of its events.</summary>
internal static class RestoreEventBody
{
    public static JobEventBody From(JobEventBody body, IJobEvent e) => e switch
    {
        RestoreRequested r => body with
        {
            CloneUrl = r.CloneUrl,
            TargetUrl = r.TargetUrl,
            CustomerId = r.CustomerId,
            SourceJob = r.SourceJob,
            PreservePlugins = r.PreservePlugins,
            PreserveThemes = r.PreserveThemes,
            OnDrift = PlanBody.NameOf(r.OnDrift),
            KeepTables = r.KeepTables.Count > 0 ? r.KeepTables : null,
            DryRun = r.DryRun,
        },
        Planned p => body with { Plan = PlanBody.From(p.Plan) },
        Staged s => body with { Content = new ContentBody(s.Brought.Tables, s.Brought.Rows, s.Brought.Files, s.Brought.Bytes), Warnings = s.Warnings },
        Swapped s => body with { HeldMilliseconds = s.HeldMilliseconds, Warnings = s.Warnings },
        RestoreCompleted c => body with { UndoUntil = c.UndoUntil },
        RollbackRequested { Fault: { } fault } => body with { Error = JobEventBody.ErrorOf(fault, CloneStep.SwapRestore) },
        RolledBack { Fault: { } fault } => body with { Error = JobEventBody.ErrorOf(fault, CloneStep.SwapRestore) },
        RollbackFailed f => body with { Error = JobEventBody.ErrorOf(f.Fault, CloneStep.RollBackRestore), UndoUntil = f.UndoUntil },
        RestoreEnded r => body with { Error = r.Fault is { } fault ? JobEventBody.ErrorOf(fault, CloneStep.EndRestore) : null, Warnings = r.Warnings },
        _ => body,
    };
}
