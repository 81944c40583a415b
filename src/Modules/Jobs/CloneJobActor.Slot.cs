using Akka.Actor;
using CloneHub.Contracts;
using CloneHub.Jobs.Queue;

namespace CloneHub.Jobs;

/// <summary>
/// What a job tells the queue of itself, and what it does about the answer. Its slot is on a worker, and that is where its steps are done. Which
/// one it is stands nowhere but in the queue: an actor that has moved asks, and goes on when it is told.
/// </summary>
internal sealed partial class CloneJobActor
{
    private string? _worker;

    /// <summary>The worker that it lost last, or left. The queue may not know yet that it is gone.</summary>
    private string? _left;

    /// <summary>The worker that the running step was ordered from.</summary>
    private string? _orderedFrom;

    private bool _hasLostSlot;

    /// <summary>Its worker ends in order: the next step needs a slot elsewhere.</summary>
    private bool _leaves;

    /// <summary>Waiting for its owner is no work: nobody else has to wait behind that.</summary>
    private static bool NeedsSlot(IJob job) => job.IsBuilding && job.Awaited is null;

    /// <summary>It has begun, and does not know of a slot. A node that is alone has no other one to ask for.</summary>
    private bool IsWithoutSlot(IJob job) => NeedsSlot(job) && !job.IsWaiting && (_hasLostSlot || (_worker is null && !_engine.IsAlone));

    private void TellQueue()
    {
        var request = _job.Request!;
        if (_job.IsWaiting || IsWithoutSlot(_job))
            _engine.Queue.Tell(new WantSlot(_id, request.At, request.Tenant, request.Priority, _job.HasClone, _left, IsRestore: _job is RestoreJob));
        else if (NeedsSlot(_job)) _engine.Queue.Tell(new HoldSlot(_id, request.At, request.Tenant, request.Priority, _worker, IsRestore: _job is RestoreJob));
        else _engine.Queue.Tell(new ReleaseSlot(_id, request.Tenant, _job.HasClone));
    }

    private void OnSlotGranted(SlotGranted granted)
    {
        if (!NeedsSlot(_job))
        {
            Advance();
            return;
        }

        (_worker, _left, _hasLostSlot, _leaves) = (granted.Worker, null, false, false);
        if (_job.IsWaiting) Handle(new Begin());
        else Advance();
    }

    /// <summary>The worker may live and not know it: what it still does is overtaken by the next start of the step.</summary>
    private void OnSlotLost(SlotLost lost)
    {
        if (_job.IsWaiting || !NeedsSlot(_job) || IsWithoutSlot(_job) || (_worker is { } worker && worker != lost.Worker)) return;
        _worker = lost.Worker;
        var running = _job.Running(_id);
        if (lost.AfterStep && running is not null)
        {
            _leaves = true;
            return;
        }

        LeaveWorker();
        if (running is null) Advance();
        else Handle(new ReportStep(running, StepFault.LostWorker, StepFacts.None, _engine.Jitter()));
    }

    /// <summary>A step is lost with its worker. So is the slot, unless that has moved to another one meanwhile.</summary>
    private void OnWorkerLost()
    {
        if (NeedsSlot(_job) && _orderedFrom is not null && _orderedFrom == _worker) LeaveWorker();
    }

    /// <summary>It asks for another one when it goes on; any worker will do.</summary>
    private void GiveSlotBack() => (_worker, _left, _hasLostSlot, _leaves) = (null, null, true, false);

    private void LeaveWorker() => (_worker, _left, _hasLostSlot, _leaves) = (null, _worker, true, false);
}
