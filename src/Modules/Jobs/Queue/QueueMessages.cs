using CloneHub.Contracts;

namespace CloneHub.Jobs.Queue;

/// <summary>From a job that waits for its turn.</summary>
/// <param name="HasClone">It has begun before, and something of its clone exists.</param>
/// <param name="Left">The worker that it has lost or left: a slot there is no answer any more. Null from one that only asks where its slot is.</param>
/// <param name="IsRestore">It makes no clone, so no ceiling of clones is in its way.</param>
internal sealed record WantSlot(
    JobId Job, DateTimeOffset AcceptedAt, string Tenant = "", JobPriority Priority = JobPriority.Interactive, bool HasClone = false, string? Left = null,
    bool IsRestore = false) : IWireMessage
{
    public Ticket ToTicket() => new(Job, Tenant, AcceptedAt, Priority, MakesClone: !IsRestore);
}

/// <summary>From a job that has begun, perhaps before a restart: it occupies a slot whatever the count says.</summary>
/// <param name="Worker">Where it builds; null for the only node there is.</param>
/// <param name="IsRestore">It makes no clone.</param>
internal sealed record HoldSlot(
    JobId Job, DateTimeOffset AcceptedAt = default, string Tenant = "", JobPriority Priority = JobPriority.Interactive, string? Worker = null,
    bool IsRestore = false) : IWireMessage
{
    public Ticket ToTicket() => new(Job, Tenant, AcceptedAt, Priority, MakesClone: !IsRestore);
}

/// <summary>From a job that needs a slot no longer, or not any more.</summary>
/// <param name="HasClone">Its clone exists still: it serves, is kept after a failure, or is being removed.</param>
internal sealed record ReleaseSlot(JobId Job, string Tenant = "", bool HasClone = false) : IWireMessage;

/// <summary>To a job: begin, or go on, on this worker; null for whichever there is.</summary>
internal sealed record SlotGranted(JobId Job, string? Worker = null) : IJobMessage;

/// <summary>To a job: its worker is gone, silent or about to go. The job waits again, at its old place.</summary>
/// <param name="AfterStep">The worker ends in order: what runs there may end first.</param>
internal sealed record SlotLost(JobId Job, string Worker, bool AfterStep = false) : IJobMessage;

/// <summary>
/// From a worker, at least three times in the span of a lease: so many jobs it builds at a time; 0 from one that ends what it has and takes no more.
/// Answered by <see cref="SlotsLeased"/>.
/// </summary>
internal sealed record OfferSlots(string Worker, int Slots) : IWireMessage;

/// <param name="Lease">The worker's slots are lost if it is silent for so long; null if there are as many workers as may be, and it is not needed.</param>
internal sealed record SlotsLeased(string Worker, TimeSpan? Lease) : IWireMessage;

/// <summary>From or about a worker that is gone: its jobs go on elsewhere, without waiting for its lease to end.</summary>
internal sealed record WithdrawSlots(string Worker) : IWireMessage;

/// <summary>Answered by <see cref="QueuePosition"/>.</summary>
internal sealed record GetQueuePosition(JobId Job) : IWireMessage;

/// <param name="Position">1 for the next one; null if the job does not wait.</param>
/// <param name="Slots">Jobs that build at the same time; 0 if nobody offers any.</param>
internal sealed record QueuePosition(int? Position, int Slots = 0) : IWireMessage;

/// <summary>Answered by <see cref="QueueState"/>.</summary>
internal sealed record GetQueueState : IWireMessage;

/// <summary>Figures of the whole queue, of no tenant and no job.</summary>
/// <param name="IsComplete">False after a start until every live job has told what it wants or holds: the figures are too small then.</param>
/// <param name="Capped">Those of the waiting that wait for a ceiling, not for a slot.</param>
internal sealed record QueueState(
    bool IsComplete, int Waiting, int WaitingBulk, int Capped, int Building, int Slots, int Workers, int Clones, int? ClonesLimit, DateTimeOffset? Oldest)
    : IWireMessage
{
    public static readonly QueueState Unknown = new(false, 0, 0, 0, 0, 0, 0, 0, null, null);
}

/// <summary>From a core node that accepts jobs, every second. Answered by <see cref="QueueLoadTold"/>.</summary>
/// <param name="Coming">What it has accepted and does not know to have come to the queue.</param>
internal sealed record GetQueueLoad(IReadOnlyList<JobId> Coming) : IWireMessage;

/// <param name="Open">Of every tenant that has any.</param>
/// <param name="Known">Those of the coming that the queue counts already.</param>
internal sealed record QueueLoadTold(QueueState State, IReadOnlyList<OpenJobs> Open, IReadOnlyList<JobId> Known) : IWireMessage;

/// <summary>How many jobs of a tenant wait or build.</summary>
internal sealed record OpenJobs(string Tenant, int Count);

/// <summary>From a queue that has just started, to the waker: every live job has to tell what it wants or holds. Answered by <see cref="AllAwake"/>.</summary>
internal sealed record WakeAll : IWireMessage;

/// <param name="Jobs">How many were woken.</param>
internal sealed record AllAwake(int Jobs) : IWireMessage;
