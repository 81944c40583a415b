using CloneHub.Contracts;

namespace CloneHub.Jobs.Queue;

/// <summary>The workers that are there, until when, and what each builds. There are few of them; every look is one at all.</summary>
internal sealed class WorkerLeases(QueueRules rules)
{
    private readonly SortedDictionary<string, Worker> _workers = new(StringComparer.Ordinal);

    public int Count => _workers.Count;

    public int Slots => _workers.Values.Sum(w => w.Slots);

    /// <summary>The worker with the most free slots, of equal ones the first by name; null if no slot is free.</summary>
    public string? Freest => _workers.Where(w => w.Value.Free > 0).OrderByDescending(w => w.Value.Free).Select(w => w.Key).FirstOrDefault();

    public bool Offer(string name, int slots, DateTimeOffset now)
    {
        if (!_workers.ContainsKey(name) && _workers.Count >= rules.Workers) return false;
        Meet(name, now);
        (_workers[name].Slots, _workers[name].Until) = (slots, now + rules.Lease);
        return true;
    }

    /// <summary>Somebody speaks of a worker. One that is not known yet has a lease's time to offer its slots.</summary>
    public void Meet(string name, DateTimeOffset now) => _workers.TryAdd(name, new Worker { Until = now + rules.Lease });

    /// <summary>Nobody gets a slot there until it offers them again.</summary>
    public void Doubt(string name)
    {
        if (_workers.TryGetValue(name, out var worker)) worker.Slots = 0;
    }

    public IReadOnlyList<JobId> JobsOf(string name) => _workers.TryGetValue(name, out var worker) ? [.. worker.Jobs] : [];

    public void RenewAll(DateTimeOffset now)
    {
        foreach (var worker in _workers.Values) worker.Until = now + rules.Lease;
    }

    public IReadOnlyList<string> Silent(DateTimeOffset now) => [.. _workers.Where(w => w.Value.Until <= now).Select(w => w.Key)];

    public IReadOnlyList<JobId> Remove(string name) => _workers.Remove(name, out var worker) ? [.. worker.Jobs] : [];

    /// <summary>A job has come to it (1) or left it (-1). One that left a worker which has gone itself is left already.</summary>
    public void Note(string name, JobId job, int by)
    {
        if (by > 0) _workers[name].Jobs.Add(job);
        else if (_workers.TryGetValue(name, out var worker)) worker.Jobs.Remove(job);
    }

    private sealed class Worker
    {
        public int Slots { get; set; }

        public DateTimeOffset Until { get; set; }

        public HashSet<JobId> Jobs { get; } = [];

        public int Free => Slots - Jobs.Count;
    }
}
