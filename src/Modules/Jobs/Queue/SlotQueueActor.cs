using Akka.Actor;
using CloneHub.Contracts;
using CloneHub.Jobs.FollowJob;

namespace CloneHub.Jobs.Queue;

/// <summary>From a job that waits for its turn.</summary>
internal sealed record WantSlot(JobId Job, DateTimeOffset AcceptedAt) : IWireMessage;

/// <summary>From a job that has begun, perhaps before a restart: it occupies a slot whatever the count says.</summary>
internal sealed record HoldSlot(JobId Job) : IWireMessage;

/// <summary>From a job that needs a slot no longer, or not any more.</summary>
internal sealed record ReleaseSlot(JobId Job) : IWireMessage;

/// <summary>To a job: begin.</summary>
internal sealed record SlotGranted(JobId Job) : IJobMessage;

/// <summary>Answered by <see cref="QueuePosition"/>.</summary>
internal sealed record GetQueuePosition(JobId Job) : IWireMessage;

/// <param name="Position">1 for the next one; null if the job does not wait.</param>
internal sealed record QueuePosition(int? Position) : IWireMessage;

/// <summary>
/// The slots of this node and who waits for one, in the order of acceptance. It holds nothing that the jobs do not know:
/// after a restart every job tells again what it wants or holds.
/// </summary>
internal sealed class SlotQueueActor : ReceiveActor
{
    private readonly int _slots;
    private readonly IActorRef _jobs;
    private readonly JobNews _news;
    private readonly QueueLoad _load;
    private readonly HashSet<JobId> _holders = [];
    private readonly SortedSet<(DateTimeOffset AcceptedAt, string Job)> _waiting = [];
    private readonly Dictionary<JobId, DateTimeOffset> _acceptedAt = [];

    public SlotQueueActor(int slots, IActorRef jobs, JobNews news, QueueLoad load)
    {
        (_slots, _jobs, _news, _load) = (slots, jobs, news, load);
        Note();
        Receive<WantSlot>(w =>
        {
            if (_holders.Contains(w.Job))
            {
                // The grant was lost with the job's actor.
                _jobs.Tell(new SlotGranted(w.Job));
                return;
            }

            if (_acceptedAt.TryAdd(w.Job, w.AcceptedAt)) _waiting.Add((w.AcceptedAt, w.Job.Value));
            Grant();
            Note();
        });
        Receive<HoldSlot>(h =>
        {
            Leave(h.Job);
            _holders.Add(h.Job);
            Note();
        });
        Receive<ReleaseSlot>(r =>
        {
            Leave(r.Job);
            if (_holders.Remove(r.Job)) Grant();
            Note();
        });
        Receive<GetQueuePosition>(g => Sender.Tell(new QueuePosition(PositionOf(g.Job))));
    }

    private void Grant()
    {
        while (_holders.Count < _slots && _waiting.Count > 0)
        {
            var job = JobId.Parse(_waiting.Min.Job);
            Leave(job);
            _holders.Add(job);
            _jobs.Tell(new SlotGranted(job));
        }
    }

    private void Leave(JobId job)
    {
        if (!_acceptedAt.Remove(job, out var acceptedAt)) return;
        _waiting.Remove((acceptedAt, job.Value));
        _news.Stir(_acceptedAt.ContainsKey);
    }

    private void Note() => _load.Set(_slots, _holders.Count, _waiting.Count, _waiting.Count > 0 ? _waiting.Min.AcceptedAt : null);

    private int? PositionOf(JobId job) =>
        _acceptedAt.TryGetValue(job, out var acceptedAt) ? _waiting.TakeWhile(w => w.CompareTo((acceptedAt, job.Value)) <= 0).Count() : null;
}
