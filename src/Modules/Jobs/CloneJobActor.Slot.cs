using Akka.Actor;
using CloneHub.Contracts;
using CloneHub.Jobs.Queue;

namespace CloneHub.Jobs;

/// <summary>What a job tells the queue of itself, and what it does about the answer.</summary>
internal sealed partial class CloneJobActor
{
    private string? _worker;
    private bool _isWithoutSlot;

    /// <summary>It has begun, and has to wait for a slot again.</summary>
    private bool HasLostSlot => _isWithoutSlot && _job.IsBuilding;

    private void TellQueue()
    {
        var request = _job.Request!;
        if (_job.Stage is Stage.Requested || HasLostSlot)
            _engine.Queue.Tell(new WantSlot(_id, request.At, request.Tenant, request.Priority, HasClone: _job.Fence > 0));
        else if (_job.IsBuilding) _engine.Queue.Tell(new HoldSlot(_id, request.At, request.Tenant, request.Priority, _worker));
        else _engine.Queue.Tell(new ReleaseSlot(_id, request.Tenant, HasClone: _job is { Fence: > 0, IsTerminal: false }));
    }

    private void OnSlotGranted(SlotGranted granted)
    {
        (_worker, _isWithoutSlot) = (granted.Worker, false);
        if (_job.Stage is Stage.Requested) Handle(new Begin());
        else Advance();
    }

    /// <summary>The worker may live and not know it: what it still does is overtaken by the next start of the step.</summary>
    private void OnSlotLost(SlotLost lost)
    {
        if (_job.Stage is Stage.Requested || !_job.IsBuilding || (_worker is { } worker && worker != lost.Worker)) return;
        _isWithoutSlot = true;
        if (_job.Running(_id) is { } running) _engine.Runner.Tell(new CancelStep(running));
        _ordered = null;
        Timers.Cancel(nameof(StepTimedOut));
        Advance();
    }
}
