using Akka.Actor;
using CloneHub.Contracts;

namespace CloneHub.Jobs.FollowJob;

/// <summary>
/// Wakes whoever follows a job on this node when there is something new of it. What is new is read from the logs, so that on the way to a
/// follower nothing can be lost, doubled or overtaken, and one that listens slowly costs no memory: it is woken once for all it has missed.
/// Jobs of other nodes are heard of by <see cref="NewsExchangeActor"/>.
/// </summary>
internal sealed class JobNews
{
    private readonly Dictionary<JobId, List<JobFollower>> _followers = [];
    private readonly Lock _gate = new();

    /// <summary>Who brings news to other nodes and from them; null where there are none.</summary>
    public IActorRef? Exchange { get; set; }

    /// <summary>The jobs that other nodes follow.</summary>
    public IReadOnlySet<JobId> FollowedElsewhere { get; set => Volatile.Write(ref field, value); } = new HashSet<JobId>();

    /// <summary>The jobs that somebody follows on this node.</summary>
    public IReadOnlyList<JobId> Followed
    {
        get
        {
            lock (_gate) return [.. _followers.Keys];
        }
    }

    /// <summary>Follow first, then read: what happens in between wakes the follower.</summary>
    /// <param name="withQueue">Wakes the follower also when the job's place in the queue may have changed.</param>
    public JobFollower Follow(JobId job, bool withQueue = false)
    {
        var follower = new JobFollower(this, job, withQueue);
        lock (_gate)
        {
            if (_followers.TryGetValue(job, out var others)) others.Add(follower);
            else _followers[job] = [follower];
        }

        Exchange?.Tell(new NewsExchangeActor.Followed(job));
        return follower;
    }

    /// <summary>The job has come so far, and all that led there is durable.</summary>
    public void Tell(JobState state)
    {
        Hear(state.Id, state);
        if (FollowedElsewhere.Contains(state.Id)) Exchange?.Tell(new HaveNews(state.Id, state));
    }

    /// <summary>Something around these jobs has changed that they do not know themselves: their place in the queue.</summary>
    public void Stir(Predicate<JobId> concerns)
    {
        // What it is asked of may change in a moment, so it is asked here.
        foreach (var job in FollowedElsewhere.Where(job => concerns(job))) Exchange?.Tell(new HaveNews(job, null));
        lock (_gate)
        {
            foreach (var (job, followers) in _followers)
            {
                if (!concerns(job)) continue;
                foreach (var follower in followers.Where(follower => follower.WithQueue)) follower.Wake(null);
            }
        }
    }

    /// <param name="state">Null if the follower has to look for itself.</param>
    internal void Hear(JobId job, JobState? state)
    {
        lock (_gate)
        {
            if (_followers.TryGetValue(job, out var followers)) followers.ForEach(follower => follower.Wake(state));
        }
    }

    internal void Leave(JobFollower follower)
    {
        lock (_gate)
        {
            if (_followers.TryGetValue(follower.Job, out var all) && all.Remove(follower) && all.Count == 0) _followers.Remove(follower.Job);
        }
    }
}

/// <summary>One that follows one job. For one reader.</summary>
internal sealed class JobFollower(JobNews news, JobId job, bool withQueue) : IDisposable
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _woken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private JobState? _latest;

    public JobId Job => job;

    public bool WithQueue => withQueue;

    /// <summary>What the job told last since it is followed.</summary>
    public JobState? Latest => Volatile.Read(ref _latest);

    /// <summary>True once there is news since the last call; false if there is none for so long.</summary>
    public async Task<bool> NewsAsync(TimeSpan patience, TimeProvider clock, CancellationToken cancellation)
    {
        Task woken;
        lock (_gate) woken = _woken.Task;
        try
        {
            await woken.WaitAsync(patience, clock, cancellation);
        }
        catch (TimeoutException)
        {
            // Nothing new is an answer, too.
            return false;
        }

        lock (_gate) _woken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return true;
    }

    public void Dispose() => news.Leave(this);

    internal void Wake(JobState? state)
    {
        lock (_gate)
        {
            if (state is not null) Volatile.Write(ref _latest, state);
            _woken.TrySetResult();
        }
    }
}
