using CloneHub.Contracts;

namespace CloneHub.Chaos;

/// <summary>The rules of <c>docs/reliability.md</c>, asked of both logs and of the ledger once all is over.</summary>
internal static class Checks
{
    private const double Tolerance = 5;

    /// <summary>An event of which a job has one at most.</summary>
    private static readonly string[] Once =
    [
        "clone_requested.v1", "started.v1", "database_ready.v1", "pod_ready.v1", "content_imported.v1", "plugin_activated.v1", "ingress_ready.v1",
        "job_failed.v1", "expired.v1", "cancel_requested.v1", "cancelled.v1", "removed.v1",
    ];

    public static IEnumerable<string> NotOver(IReadOnlyDictionary<string, IReadOnlyList<StoredEvent>> history, IEnumerable<string> jobs) =>
        jobs.Where(job => !history.TryGetValue(job, out var events) || !History.IsOver(events)).Select(job => $"{job}: {Names(history, job)}");

    public static IEnumerable<string> NotWhole(IReadOnlyDictionary<string, IReadOnlyList<StoredEvent>> history) =>
        history.Where(job => !job.Value.Select(e => e.Version).SequenceEqual(Enumerable.Range(1, job.Value.Count).Select(n => (long)n))).Select(job => $"{job.Key}: {Names(history, job.Key)}");

    public static IEnumerable<string> Twice(IReadOnlyDictionary<string, IReadOnlyList<StoredEvent>> history) =>
        from job in history
        from name in Once
        where job.Value.Named(name).Count() > 1
        select $"{job.Key} has {name} more than once: {Names(history, job.Key)}";

    /// <summary>The fence of each start is the last one's and one more; so the starts are written down, each before anything is done.</summary>
    public static IEnumerable<string> FencesOutOfOrder(IReadOnlyDictionary<string, IReadOnlyList<StoredEvent>> history) =>
        history.Where(job => !FencesOf(job.Value).SequenceEqual(Enumerable.Range(1, FencesOf(job.Value).Count()).Select(n => (long)n))).Select(job => $"{job.Key}: {string.Join(", ", FencesOf(job.Value))}");

    public static IEnumerable<string> EffectsWithoutOrder(IReadOnlyDictionary<string, IReadOnlyList<StoredEvent>> history, IEnumerable<LedgerEntry> entries)
    {
        var ordered = (from job in history from e in job.Value.Named("step_started.v1") select Order(job.Key, e)).ToHashSet();
        return entries.Where(entry => entry.Deed is not Deed.Swept && !ordered.Contains(new LedgerOrder(entry.Job, entry.Step, entry.Attempt, entry.Fence))).Select(entry => entry.ToString());
    }

    /// <summary>A step that a job has done left its effect in the world, by a start of that step.</summary>
    public static IEnumerable<string> DoneWithoutEffect(IReadOnlyDictionary<string, IReadOnlyList<StoredEvent>> history, IEnumerable<LedgerEntry> entries)
    {
        var made = entries.Where(entry => entry.Deed is Deed.Made).Select(entry => (entry.Job, entry.Step)).ToHashSet();
        (string Name, CloneStep Step)[] proofs =
        [
            ("database_ready.v1", CloneStep.CreateDatabase), ("pod_ready.v1", CloneStep.StartPod), ("content_imported.v1", CloneStep.ImportContent),
            ("plugin_activated.v1", CloneStep.ActivatePlugin), ("ingress_ready.v1", CloneStep.OpenIngress),
        ];
        return from job in history
               from proof in proofs
               where job.Value.Named(proof.Name).Any() && !made.Contains((job.Key, proof.Step))
               select $"{job.Key}: {proof.Name} without an effect";
    }

    public static IEnumerable<string> Early(IReadOnlyDictionary<string, IReadOnlyList<StoredEvent>> history) =>
        Expiries(history).Where(expiry => expiry.At < expiry.Due).Select(expiry => $"{expiry.Job} was due at {expiry.Due:O} and expired at {expiry.At:O}");

    /// <param name="storm">Tells when something was away: a node that is down is late, and says so when it is back.</param>
    public static IEnumerable<string> Late(IReadOnlyDictionary<string, IReadOnlyList<StoredEvent>> history, Storm storm, DateTimeOffset begin, int speed)
    {
        return Expiries(history)
            .Where(expiry => (expiry.At - expiry.Due).TotalSeconds / speed > Tolerance && storm.WasCalm(Real(expiry.Due) - TimeSpan.FromSeconds(Tolerance), Real(expiry.At)))
            .Select(expiry => $"{expiry.Job} expired {(expiry.At - expiry.Due).TotalSeconds / speed:0.0} s late");

        DateTimeOffset Real(DateTimeOffset fast) => begin + ((fast - begin) / speed);
    }

    public static int CountExpiries(IReadOnlyDictionary<string, IReadOnlyList<StoredEvent>> history) => Expiries(history).Count();

    /// <summary>What Redis says was written last is what the event log has last.</summary>
    public static IEnumerable<string> LogsThatDiffer(IReadOnlyDictionary<string, IReadOnlyList<StoredEvent>> history, IReadOnlyDictionary<string, long> journal) =>
        history.Keys.Union(journal.Keys).Where(job => (history.TryGetValue(job, out var events) ? events.Count : 0) != journal.GetValueOrDefault(job))
            .Select(job => $"{job}: event log {(history.TryGetValue(job, out var events) ? events.Count : 0)}, journal {journal.GetValueOrDefault(job)}");

    private static IEnumerable<(string Job, DateTimeOffset Due, DateTimeOffset At)> Expiries(IReadOnlyDictionary<string, IReadOnlyList<StoredEvent>> history) =>
        from job in history
        let ready = job.Value.Named("ingress_ready.v1").FirstOrDefault()
        let expired = job.Value.Named("expired.v1").FirstOrDefault()
        where ready is not null && expired is not null
        select (job.Key, ready.Body.GetProperty("expiresAt").GetDateTimeOffset(), expired.At);

    private static IEnumerable<long> FencesOf(IEnumerable<StoredEvent> events) => events.Named("step_started.v1").Select(e => e.Body.GetProperty("fence").GetInt64());

    private static LedgerOrder Order(string job, StoredEvent e) => new(
        job, Enum.Parse<CloneStep>(e.Body.GetProperty("step").GetString()!), e.Body.GetProperty("attempt").GetInt32(), e.Body.GetProperty("fence").GetInt64());

    private static string Names(IReadOnlyDictionary<string, IReadOnlyList<StoredEvent>> history, string job) =>
        history.TryGetValue(job, out var events) ? string.Join(", ", events.Select(e => e.Name)) : "not in the event log";

    private sealed record LedgerOrder(string Job, CloneStep Step, int Attempt, long Fence);
}
