using CloneHub.Jobs.Journal;

namespace CloneHub.Jobs;

/// <summary>What a restore notes of its site, for those that come after it. Each note is repeated by the next recovery.</summary>
internal sealed partial class CloneJobActor
{
    private bool? _holdsTarget;
    private bool? _hasRestored;

    /// <summary>One that has begun to hold its site again, to be undone, has taken it before: see the endpoint.</summary>
    private void NoteTarget()
    {
        if (_gone || _job is not RestoreJob { Request: { } request } restore) return;
        var site = JobLabel.TargetOf(request.TargetUrl);
        if (_holdsTarget != restore.HoldsTarget) _engine.NoteTarget(_id, site, holds: (_holdsTarget = restore.HoldsTarget).Value);

        // Only the last restore of a site can be undone, so an earlier one that is read again does not take its place.
        bool? hasRestored = restore.RolledBackAt is not null ? false : restore is { Stage: RestoreStage.Undoable, Outcome: Outcome.Completed } ? true : null;
        if (request.SourceJob is not { } source || hasRestored is not { } has || _hasRestored == has) return;
        _engine.NoteRestored(_id, source, site, (_hasRestored = has).Value);
    }
}
