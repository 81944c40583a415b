namespace CloneHub.Jobs;

/// <summary>
/// The name each event has in both logs, for ever. Classes may be renamed, names may not; events only grow, and what has to say something else
/// gets a name and a type of its own (docs/adr/0041-events-only-grow.md). tests/CloneHub.Jobs.Tests/EventNames.approved.txt holds the approved list.
/// </summary>
internal static class EventNames
{
    private static readonly (Type Type, string Name)[] All =
    [
        (typeof(CloneRequested), "clone_requested.v1"),
        (typeof(Started), "started.v1"),
        (typeof(StepStarted), "step_started.v1"),
        (typeof(ActionRequired), "action_required.v1"),
        (typeof(ActionTaken), "action_taken.v1"),
        (typeof(DatabaseReady), "database_ready.v1"),
        (typeof(PodReady), "pod_ready.v1"),
        (typeof(ContentImported), "content_imported.v1"),
        (typeof(PluginActivated), "plugin_activated.v1"),
        (typeof(IngressReady), "ingress_ready.v1"),
        (typeof(Crawled), "crawled.v1"),
        (typeof(MediaFetched), "media_fetched.v1"),
        (typeof(StepFailed), "step_failed.v1"),
        (typeof(JobFailed), "job_failed.v1"),
        (typeof(Extended), "extended.v1"),
        (typeof(EarlierReplaced), "earlier_replaced.v1"),
        (typeof(NoticeDelivered), "notice_delivered.v1"),
        (typeof(NoticeFailed), "notice_failed.v1"),
        (typeof(CancelRequested), "cancel_requested.v1"),
        (typeof(Cancelled), "cancelled.v1"),
        (typeof(Expired), "expired.v1"),
        (typeof(Removed), "removed.v1"),
        (typeof(RestoreRequested), "restore_requested.v1"),
        (typeof(Planned), "planned.v1"),
        (typeof(SnapshotTaken), "snapshot_taken.v1"),
        (typeof(Staged), "staged.v1"),
        (typeof(Verified), "verified.v1"),
        (typeof(Swapped), "swapped.v1"),
        (typeof(Probed), "probed.v1"),
        (typeof(RestoreCompleted), "restore_completed.v1"),
        (typeof(RollbackRequested), "rollback_requested.v1"),
        (typeof(RolledBack), "rolled_back.v1"),
        (typeof(RollbackFailed), "rollback_failed.v1"),
        (typeof(RestoreEnded), "restore_ended.v1"),
    ];

    private static readonly Dictionary<Type, string> ByType = All.ToDictionary(e => e.Type, e => e.Name);
    private static readonly Dictionary<string, Type> ByName = All.ToDictionary(e => e.Name, e => e.Type, StringComparer.Ordinal);

    public static IEnumerable<(Type Type, string Name)> Entries => All;

    public static string Of(IJobEvent e) =>
        ByType.TryGetValue(e.GetType(), out var name) ? name : throw new InvalidOperationException($"{e.GetType().Name} has no name in EventNames.");

    /// <summary>Null for a name this version does not know: written by a newer one.</summary>
    public static Type? TypeOf(string name) => ByName.GetValueOrDefault(name);
}
