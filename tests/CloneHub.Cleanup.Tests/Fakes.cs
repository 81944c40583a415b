using CloneHub.Contracts;

namespace CloneHub.Cleanup.Tests;

/// <summary>Jobs as Cleanup sees them.</summary>
internal sealed class FakeDirectory : IJobDirectory
{
    private readonly Dictionary<JobId, JobPresence> _presence = [];
    private readonly List<(JobId Job, DateTimeOffset At)> _deadlines = [];

    public Exception? Failure { get; set; }

    public int Looks { get; private set; }

    public void Set(JobId job, JobPresence presence) => _presence[job] = presence;

    public void SetDeadline(JobId job, DateTimeOffset at) => _deadlines.Add((job, at));

    public Task<IReadOnlyList<JobId>> DueAsync(DateTimeOffset now, int skip, int limit, CancellationToken cancellation)
    {
        Looks++;
        return Failure is { } failure
            ? Task.FromException<IReadOnlyList<JobId>>(failure)
            : Task.FromResult<IReadOnlyList<JobId>>([.. _deadlines.Where(d => d.At <= now).OrderBy(d => d.At).Skip(skip).Take(limit).Select(d => d.Job)]);
    }

    public Task<DateTimeOffset?> DeadlineAsync(JobId job, CancellationToken cancellation) =>
        Task.FromResult(_deadlines.Where(d => d.Job == job).Select(d => (DateTimeOffset?)d.At).FirstOrDefault());

    public Task<JobPresence> PresenceAsync(JobId job, CancellationToken cancellation) =>
        Failure is { } failure ? Task.FromException<JobPresence>(failure) : Task.FromResult(_presence.GetValueOrDefault(job));
}

/// <summary>A back end that holds what the test puts there.</summary>
internal sealed class FakeInventory : ICloneInventory
{
    private readonly List<ExistingClone> _clones = [];

    /// <summary>Jobs whose clone resists removal.</summary>
    public HashSet<JobId> Stuck { get; } = [];

    public IEnumerable<JobId> Left => _clones.Select(c => c.Job);

    public void Add(JobId job, DateTimeOffset since) => _clones.Add(new ExistingClone(job, ["database", "files"], since));

    public Task<IReadOnlyList<ExistingClone>> ListAsync(CancellationToken cancellation) => Task.FromResult<IReadOnlyList<ExistingClone>>([.. _clones]);

    public Task RemoveOrphanAsync(JobId job, CancellationToken cancellation)
    {
        if (Stuck.Contains(job)) throw new IOException("The folder is busy.");
        _clones.RemoveAll(c => c.Job == job);
        return Task.CompletedTask;
    }
}
