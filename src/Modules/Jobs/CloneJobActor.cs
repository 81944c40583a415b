using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Persistence;
using CloneHub.Contracts;
using CloneHub.Jobs.Archive;
using CloneHub.Jobs.Journal;
using CloneHub.Jobs.Queue;

namespace CloneHub.Jobs;

/// <summary>
/// One job: decide, persist, apply, reply, start the next step. Recovery ends in the same line as normal progress (<see cref="Advance"/>),
/// so a crash at any place is an ordinary start. All that is decided is decided by <see cref="CloneJob"/>.
/// </summary>
internal sealed partial class CloneJobActor : ReceivePersistentActor, IWithTimers
{
    /// <summary>Who has asked may ask again; and an answer of the event log that finds nobody is lost.</summary>
    private static readonly TimeSpan IdleWhenAsked = TimeSpan.FromMinutes(2);

    /// <summary>One that was only woken has told what it knows. A hundred thousand may be woken in a minute: each takes some kilobytes, which are had back cheaply while they are new.</summary>
    private static readonly TimeSpan IdleWhenWoken = TimeSpan.FromMilliseconds(500);

    private readonly JobId _id;
    private readonly JobEngine _engine;
    private readonly List<RecordedEvent> _recovered = [];
    private IJob _job = Lifecycles.None;
    private StepToken? _ordered;
    private DateTimeOffset? _deadlineSet;
    private long _archivedUpTo;
    private double _fraction;
    private string? _doing;
    private bool _gone;
    private bool _isAsked;

    public CloneJobActor(JobId id, JobEngine engine)
    {
        (_id, _engine) = (id, engine);
        PersistenceId = CloneHub.Jobs.Journal.PersistenceId.Of(id);

        Recover<RecordedEvent>(r =>
        {
            _job = _job.After(r.Event);
            _recovered.Add(r);
        });
        Recover<RecoveryCompleted>(_ => OnRecovered());
        Become(Working);
    }

    public override string PersistenceId { get; }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Streams are too short for snapshots to be worth looking for.</summary>
    public override Recovery Recovery { get; } = new(SnapshotSelectionCriteria.None);

    private void Working()
    {
        Command<WakeJob>(_ => Resume());
        Command<GetJob>(_ =>
        {
            Reply(Sender);
            RestWhenIdle();
        });
        Command<CancelJob>(_ => Handle(new Cancel(), Sender));
        Command<ExtendJob>(e => Handle(new Extend(e.Ttl), Sender));
        Command<RollBackJob>(_ => Handle(new RollBack(), Sender));
        Command<SlotGranted>(OnSlotGranted);
        Command<SlotLost>(OnSlotLost);
        Command<StepProgressed>(OnProgress);
        Command<StepReported>(OnReported);
        Command<StepTimedOut>(t => OnTimedOut(t.Token));
        Command<RetryDue>(_ => Advance());
        Command<ExpireJob>(_ => OnDeadline());
        Command<Archived>(a => OnArchived(a.UpTo));
        Command<ArchiveAhead>(OnLateArchiveAhead);
        Command<ArchiveForked>(_ => Park());
        Command<ArchiveGap>(_ => StartAnew());
        Command<EarlierAsked>(OnEarlierAsked);
        Command<OwnerCalled>(OnOwnerCalled);
        Command<DeleteMessagesSuccess>(_ => _engine.Forget(_id, _job.Request!, Self));
        Command<DeleteMessagesFailure>(OnPurgeFailed);
        Command<Forgotten>(_ => Rest());
        Command<ReceiveTimeout>(_ => Rest());
        Command<Stop>(_ => StopNow());
    }

    /// <param name="ended">The attempt that has told its end, if that is what the command is about.</param>
    private void Handle(IJobCommand command, IActorRef? replyTo = null, StepToken? ended = null)
    {
        var (before, now) = (_job, _engine.Now);
        var events = _job.Decide(command, now);
        if (events.Count == 0)
        {
            if (replyTo is not null) Reply(replyTo);
            return;
        }

        var recorded = events.Concat(NextStart(command, events, now)).Select(e => new RecordedEvent(Guid.CreateVersion7(e.At), e)).ToList();
        var first = LastSequenceNr + 1;
        var left = recorded.Count;
        PersistAll(recorded, r =>
        {
            _job = _job.After(r.Event);
            if (--left == 0) OnPersisted(before.Running(_id), ended, first, recorded, replyTo);
        });
    }

    /// <summary>
    /// The start of the step that follows a slot or a step that is done, which <see cref="Advance"/> would write next: both are written at once, since each write waits for the disk.
    /// </summary>
    private IReadOnlyList<IJobEvent> NextStart(IJobCommand command, IReadOnlyList<IJobEvent> events, DateTimeOffset now)
    {
        if (command is not (Begin or ReportStep { Fault: null }) || _gone || _leaves) return [];
        var after = events.Aggregate(_job, (job, e) => job.After(e));
        return IsWithoutSlot(after) ? [] : after.Decide(new StartStep(NodeOf(after)), now);
    }

    private void OnPersisted(StepToken? before, StepToken? ended, long first, IReadOnlyList<RecordedEvent> recorded, IActorRef? replyTo)
    {
        using var mark = JobsTelemetry.Mark(_id, _job, recorded);
        _engine.Archiver.Tell(new ArchiveEntry(_id, first, recorded, LookFirst: false) { TraceParent = _job.Request?.TraceParent });
        var running = _job.Running(_id);
        if (running != before) (_fraction, _doing) = (0, null);
        if (replyTo is not null) Reply(replyTo);
        _latest = State;
        _engine.News.Tell(_latest);
        foreach (var r in recorded) Observe(r.Event);
        if (recorded.Any(r => r.Event is ActionRequired)) GiveSlotBack();
        if (recorded.Any(r => r.Event is IngressReady) && _job is CloneJob { Request.ByHand: false } clone) _engine.Forecast.Learn(clone);

        if (before is not null && running != before)
        {
            Timers.Cancel(nameof(StepTimedOut));
            if (before != ended) _engine.Runner.Tell(new CancelStep(before));
        }

        if (running is not null && running != before) Order(running);
        if (!_job.NeedsLogIns || _job.IsTerminal) DropSecrets();
        NoteTarget();
        Advance();
    }

    /// <summary>Does again whatever an earlier note to Redis may have failed to do, then goes on.</summary>
    private void Resume()
    {
        (_deadlineSet, _holdsTarget) = (null, null);
        DropSecrets();
        NoteTarget();
        Advance();
    }

    private void DropSecrets()
    {
        if (_gone) return;
        if (_job.IsOver) _engine.DropSecrets(_id);
        else if (_job.IsTerminal) _engine.DropCloneSecrets(_id);
        else if (!_job.NeedsLogIns) _engine.DropSourceSecrets(_id);
    }

    /// <summary>Brings everything around the job to where its state says it should be. May be called at any time, any number of times.</summary>
    private void Advance()
    {
        RestWhenIdle();
        if (_gone || _job.Request is null) return;
        if (_leaves && !_job.StepRunning) LeaveWorker();
        KeepDeadline();
        TellQueue();
        PayDebts();

        if (_job.NextStep is null || IsWithoutSlot(_job) || (_ordered is not null && _job.Running(_id) == _ordered)) return;
        var wait = _job.RetryAt - _engine.Now;
        if (wait > TimeSpan.Zero) Timers.StartSingleTimer(nameof(RetryDue), RetryDue.Instance, wait);
        else Handle(new StartStep(NodeOf(_job)));
    }

    /// <summary>Where its next step is done.</summary>
    private string NodeOf(IJob job) => (NeedsSlot(job) ? _worker : null) ?? _engine.Node;

    private void Order(StepToken token)
    {
        (_ordered, _orderedFrom) = (token, NeedsSlot(_job) ? _worker : null);
        _engine.Runner.Tell(new RunStep(token, _job.Order(_id), _job.Request!.TraceParent, _orderedFrom));
        Timers.StartSingleTimer(nameof(StepTimedOut), new StepTimedOut(token), _job.LimitOf(token.Step));
    }

    private void OnReported(StepReported report)
    {
        if (report.Fault?.Code is StepFault.WorkerLost && report.Token == _job.Running(_id)) OnWorkerLost();
        Handle(new ReportStep(report.Token, report.Fault, report.Facts, _engine.Jitter()), ended: report.Token);
    }

    private void OnTimedOut(StepToken token) => Handle(new ReportStep(token, _job.TimedOut(token.Step), StepFacts.None, _engine.Jitter()));

    private void OnProgress(StepProgressed progress)
    {
        if (progress.Token != _ordered || _job.Running(_id) != _ordered) return;
        var before = _job.Progress(_fraction);
        (_fraction, _doing) = (Math.Max(_fraction, progress.Fraction), progress.Message);
        if (_job.Progress(_fraction) != before) _engine.NoteProgress(_id, _job.Progress(_fraction));
        _engine.News.Tell(State);
    }

    private void OnDeadline()
    {
        _deadlineSet = null;
        if (!_job.IsTerminal) Handle(new Expire());
        else if (_job.IsOver && _engine.Now >= _job.Deadline && _archivedUpTo == LastSequenceNr)
        {
            _gone = true;
            DeleteMessages(LastSequenceNr);
            return;
        }

        KeepDeadline();
    }

    /// <summary>The index of deadlines is told before it matters; a job that is woken too early looks at its own clock.</summary>
    private void KeepDeadline()
    {
        var deadline = _job.Deadline;
        if (_job.IsTerminal && !(_job.IsOver && _archivedUpTo == LastSequenceNr)) deadline = Later(deadline, _engine.Now.AddMinutes(1));
        if (deadline == _deadlineSet && deadline is not null) return;
        _deadlineSet = deadline;
        _engine.SetDeadline(_id, deadline);
    }

    private void OnArchived(long upTo)
    {
        _archivedUpTo = Math.Max(_archivedUpTo, upTo);
        if (_job.IsOver && _archivedUpTo == LastSequenceNr) _engine.NoteOver(_id, _job.Request!);
        else if (_archivedUpTo == LastSequenceNr) _engine.NoteArchived(_id, _archivedUpTo);
        RestWhenIdle();
    }

    private void OnPurgeFailed(DeleteMessagesFailure failure)
    {
        LogPurgeFailed(_engine.Logger, failure.Cause, _id);
        _gone = false;
        KeepDeadline();
    }

    private void RestWhenIdle() =>
        Context.SetReceiveTimeout(IsBusy ? null : _isAsked || _archivedUpTo < LastSequenceNr ? IdleWhenAsked : IdleWhenWoken);

    private void Rest()
    {
        if (!IsBusy) Context.Parent.Tell(new Passivate(Stop.Instance));
    }

    /// <summary>A poison pill would overtake an event that is being written, and the step after it.</summary>
    private void StopNow()
    {
        if (IsBusy) _engine.Waker.Tell(new WakeLater(_id));
        Context.Stop(Self);
    }

    /// <summary>A job that has recovered sends the event log its whole journal.</summary>
    private void StartAnew()
    {
        _engine.Waker.Tell(new WakeLater(_id));
        Context.Stop(Self);
    }

    private JobState State => new(_id, _job, LastSequenceNr, _fraction, _doing);

    private void Reply(IActorRef to)
    {
        _isAsked = true;
        to.Tell(State);
    }

    private static DateTimeOffset? Later(DateTimeOffset? a, DateTimeOffset b) => a > b ? a : b;

    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
    {
        // Akka stops the actor now. Its state may be behind the journal (a write that succeeded without an answer), so it starts anew.
        LogPersistFailed(_engine.Logger, cause, _id, sequenceNr);
        _engine.Waker.Tell(new WakeLater(_id));
    }

    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr) =>
        throw new InvalidOperationException($"Job {_id}: event {sequenceNr} cannot be written.", cause);
}
