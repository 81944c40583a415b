using Akka.Actor;
using Akka.Persistence;
using CloneHub.Jobs.Archive;

namespace CloneHub.Jobs;

/// <summary>How a job comes back: from the journal, from the event log, or from both.</summary>
internal sealed partial class CloneJobActor
{
    /// <summary>So long a recovered job waits for what the event log has to say. While PostgreSQL is away jobs go on without it.</summary>
    private static readonly TimeSpan PatienceWithArchive = TimeSpan.FromSeconds(2);

    private void OnRecovered()
    {
        if (_recovered.Count > 0)
        {
            _engine.Archiver.Tell(new ArchiveEntry(_id, 1, [.. _recovered], LookFirst: true));
            _recovered.Clear();
            Timers.StartSingleTimer(nameof(ArchiveSilent), ArchiveSilent.Instance, PatienceWithArchive);
            Become(Reconciling);
        }
        else
        {
            _engine.History(_id).PipeTo(Self, success: events => new HistoryLoaded(events), failure: e => new HistoryFailed(e));
            Become(Loading);
        }
    }

    /// <summary>
    /// A journal restored from a backup has lost its end. The event log knows it, so nothing new is written before that has been heard:
    /// it would be another history.
    /// </summary>
    private void Reconciling()
    {
        Command<Archived>(a =>
        {
            OnArchived(a.UpTo);
            GoOn();
        });
        Command<ArchiveAhead>(a => Restore(a.Events));
        Command<ArchiveForked>(_ => Become(Parked));
        Command<ArchiveSilent>(_ => GoOn());
        Command<GetJob>(_ => Reply(Sender));
        CommandAny(_ => Stash.Stash());
    }

    /// <summary>Purged, or lost with all of Redis: the event log has it.</summary>
    private void Loading()
    {
        Command<HistoryLoaded>(h => OnHistory(h.Events));
        Command<HistoryFailed>(f =>
        {
            LogHistoryFailed(_engine.Logger, f.Error, _id);
            Context.Stop(Self);
        });
        CommandAny(_ => Stash.Stash());
    }

    /// <summary>Two logs tell two histories: a person has to look. The job can still be read.</summary>
    private void Parked()
    {
        Command<GetJob>(_ => Reply(Sender));
        Command<Stop>(_ => Context.Stop(Self));
        CommandAny(_ => { });
    }

    private void OnHistory(IReadOnlyList<RecordedEvent> events)
    {
        if (LastSequenceNr == 0 && events.Count > 0)
        {
            Restore(events);
            return;
        }

        if (events.Count < LastSequenceNr)
        {
            LogHistoryMissing(_engine.Logger, _id, LastSequenceNr);
            Context.Stop(Self);
            return;
        }

        _job = events.Aggregate(_job, (job, r) => job.Apply(r.Event));
        _archivedUpTo = LastSequenceNr;
        _gone = _job.IsTerminal;
        GoOn();
    }

    /// <summary>The event log was silent for too long. If nothing was written meanwhile it is not too late; otherwise it will find the fork.</summary>
    private void OnLateArchiveAhead(ArchiveAhead ahead)
    {
        if (ahead.First == LastSequenceNr + 1) Restore(ahead.Events);
    }

    private void Restore(IReadOnlyList<RecordedEvent> events)
    {
        LogRestored(_engine.Logger, _id, events.Count);
        var left = events.Count;
        PersistAll(events, r =>
        {
            _job = _job.Apply(r.Event);
            if (--left > 0) return;
            _archivedUpTo = LastSequenceNr;
            _engine.NoteLive(_id, _job.Request!.At);
            GoOn();
        });
    }

    private void GoOn()
    {
        Timers.Cancel(nameof(ArchiveSilent));
        Become(Working);
        Stash.UnstashAll();
        Resume();
    }

    protected override void OnRecoveryFailure(Exception reason, object? message = null)
    {
        LogRecoveryFailed(_engine.Logger, reason, _id);
        // An event of a newer version stays unknown however often it is read; everything else may pass.
        if (reason is not UnknownEventException) _engine.Waker.Tell(new WakeLater(_id));
    }
}
