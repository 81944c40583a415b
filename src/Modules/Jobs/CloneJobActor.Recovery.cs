using Akka.Actor;
using Akka.Persistence;
using CloneHub.Contracts;
using CloneHub.Jobs.Archive;
using CloneHub.Jobs.Queue;

namespace CloneHub.Jobs;

/// <summary>How a job comes back: from the journal, from the event log, or from both.</summary>
internal sealed partial class CloneJobActor
{
    /// <summary>So long a recovered job waits for what the event log has to say. While PostgreSQL is away jobs go on without it.</summary>
    private static readonly TimeSpan PatienceWithArchive = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan BetweenVainDeadlines = TimeSpan.FromHours(1);

    private void OnRecovered()
    {
        if (_recovered.Count > 0)
        {
            // One that has done nothing yet may be new, which is told in a moment, and does not wait then.
            _engine.Archiver.Tell(new ArchiveEntry(_id, 1, [.. _recovered], LookFirst: true) { TraceParent = _job.Request?.TraceParent, IsAwaited = _recovered.Count > 1 });
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
        Command<ArchiveForked>(_ => Park());
        Command<ArchiveSilent>(_ => GoOn());
        Command<Stop>(_ => StopNow());
        Command<GetJob>(_ => Reply(Sender));
        Command<WakeJob>(w =>
        {
            // All others go on anyway, once the event log has been heard.
            if (w.IsNew && LastSequenceNr == 1) GoOn();
            else _engine.Archiver.Tell(new Wanted(_id));
        });
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
        Command<Stop>(_ => StopNow());
        Command<WakeJob>(_ => { });
        CommandAny(_ => Stash.Stash());
    }

    /// <summary>Two logs tell two histories: a person has to look. The job can still be read.</summary>
    private void Parked()
    {
        Command<GetJob>(_ => Reply(Sender));
        Command<CancelJob>(_ => Reply(Sender));
        Command<ExpireJob>(_ => PutOff());
        Command<Stop>(_ => Context.Stop(Self));
        CommandAny(_ => { });
    }

    /// <summary>Lets go of all that it holds: work that cannot be written down is not done, and nobody waits behind it.</summary>
    private void Park()
    {
        Timers.CancelAll();
        Context.SetReceiveTimeout(null);
        if (_ordered is not null && _job.Running(_id) == _ordered) _engine.Runner.Tell(new CancelStep(_ordered));
        _engine.Queue.Tell(new ReleaseSlot(_id, _job.Request?.Tenant ?? "", _job.HasClone));
        PutOff();
        Become(Parked);
        Stash.UnstashAll();
    }

    /// <summary>A job that can do nothing about its deadline is not told of it every second.</summary>
    private void PutOff() => _engine.SetDeadline(_id, _engine.Now + BetweenVainDeadlines);

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
            PutOff();
            Context.Stop(Self);
            return;
        }

        _job = events.Aggregate(_job, (job, r) => job.After(r.Event));
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
            _job = _job.After(r.Event);
            if (--left > 0) return;
            _archivedUpTo = LastSequenceNr;
            _engine.NoteLive(_id, _job.Request!);
            GoOn();
        });
    }

    private void GoOn()
    {
        Timers.Cancel(nameof(ArchiveSilent));
        Become(Working);
        Stash.UnstashAll();
        // What was written before a crash may not have been told.
        if (_job.Request is not null) _engine.News.Tell(State);
        Resume();
    }

    protected override void OnRecoveryFailure(Exception reason, object? message = null)
    {
        LogRecoveryFailed(_engine.Logger, reason, _id);
        // An event of a newer version stays unknown however often it is read; everything else may pass.
        if (reason is UnknownEventException) PutOff();
        else _engine.Waker.Tell(new WakeLater(_id));
    }
}
