using System.Text.Json;
using CloneHub.Contracts;

namespace CloneHub.Chaos;

/// <summary>The rules of <c>docs/reliability.md</c>, asked of both logs and of the ledger once all is over.</summary>
internal static class Checks
{
    private const double Tolerance = 5;

    private static readonly TimeSpan AfterALoss = TimeSpan.FromSeconds(20);
    private static readonly string[] BuildEnds = ["ingress_ready.v1", "job_failed.v1", "cancel_requested.v1"];

    /// <summary>An event of which a job has one at most.</summary>
    private static readonly string[] Once =
    [
        "clone_requested.v1", "started.v1", "database_ready.v1", "pod_ready.v1", "content_imported.v1", "plugin_activated.v1", "ingress_ready.v1",
        "crawled.v1", "job_failed.v1", "expired.v1", "cancel_requested.v1", "cancelled.v1", "removed.v1",
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

    /// <param name="wasCalm">Whether nothing was away from one moment to another: a node that is down is late, and says so when it is back.</param>
    public static IEnumerable<string> Late(IReadOnlyDictionary<string, IReadOnlyList<StoredEvent>> history, Func<DateTimeOffset, DateTimeOffset, bool> wasCalm, FastClock clock) =>
        from expiry in Expiries(history)
        let late = clock.Real(expiry.At - expiry.Due).TotalSeconds
        where late > Tolerance && wasCalm(clock.Real(expiry.Due) - TimeSpan.FromSeconds(Tolerance), clock.Real(expiry.At))
        select $"{expiry.Job} expired {late:0.0} s late";

    /// <summary>All nodes go by one clock.</summary>
    public static IEnumerable<string> TimesThatGoBack(IReadOnlyDictionary<string, IReadOnlyList<StoredEvent>> history) =>
        from job in history
        from pair in job.Value.Zip(job.Value.Skip(1))
        where pair.Second.At < pair.First.At
        select $"{job.Key}: {pair.First.Name} at {pair.First.At:O}, and then {pair.Second.Name} at {pair.Second.At:O}";

    /// <summary>Each start of a step has one effect at most.</summary>
    public static IEnumerable<string> EffectsTwice(IEnumerable<LedgerEntry> entries) =>
        entries.Where(entry => entry.Deed is not Deed.Swept).GroupBy(entry => entry).Where(same => same.Count() > 1).Select(same => $"{same.Count()} times {same.Key}");

    /// <summary>Of jobs that build at the same time there are as many as slots at most, but for a while after the node with the queue was lost.</summary>
    public static IEnumerable<string> TooManyAtOnce(IReadOnlyDictionary<string, IReadOnlyList<StoredEvent>> history, int slots, Func<DateTimeOffset, DateTimeOffset, bool> wasCalm, FastClock clock)
    {
        var changes = from job in history
                      let began = job.Value.Named("started.v1").FirstOrDefault()
                      where began is not null
                      let ended = job.Value.FirstOrDefault(e => BuildEnds.Contains(e.Name))
                      from change in ended is null ? [(began.At, By: 1)] : new[] { (began.At, By: 1), (ended.At, By: -1) }
                      orderby change.At, change.By
                      select change;
        var build = 0;
        foreach (var (at, by) in changes)
        {
            build += by;
            if (by > 0 && build > slots && wasCalm(clock.Real(at) - AfterALoss, clock.Real(at))) yield return $"{build} jobs built at {at:O}";
        }
    }

    public static int CountExpiries(IReadOnlyDictionary<string, IReadOnlyList<StoredEvent>> history) => Expiries(history).Count();

    /// <summary>
    /// What Redis says was written last is what the event log has last, and what it still has is the same event: by id and by content. Of a job it has all events, or, once
    /// they are forgotten, none.
    /// </summary>
    public static IEnumerable<string> LogsThatDiffer(IReadOnlyDictionary<string, IReadOnlyList<StoredEvent>> history, IReadOnlyDictionary<string, JournalOfJob> journal)
    {
        foreach (var job in history.Keys.Union(journal.Keys))
        {
            var (log, own) = (history.GetValueOrDefault(job, []), journal.GetValueOrDefault(job, new JournalOfJob(0, [])));
            if (log.Count != own.Highest) yield return $"{job}: event log {log.Count}, journal {own.Highest}";
            if (own.Events.Count > 0 && own.Events.Count != own.Highest) yield return $"{job}: the journal has {own.Events.Count} of {own.Highest} events";
            foreach (var e in own.Events)
            {
                var same = log.FirstOrDefault(other => other.Version == e.Version);
                if (same is null || same.Id != e.Id || !JsonElement.DeepEquals(same.Body, e.Body))
                    yield return $"{job}: event {e.Version} is {e.Id} {e.Body} in the journal, and {same?.Id} {same?.Body} in the event log";
            }
        }
    }

    private static IEnumerable<(string Job, DateTimeOffset Due, DateTimeOffset At)> Expiries(IReadOnlyDictionary<string, IReadOnlyList<StoredEvent>> history) =>
        from job in history
        let due = EndOf(job.Value)
        let expired = job.Value.Named("expired.v1").FirstOrDefault()
        where due is not null && expired is not null
        select (job.Key, due.Value, expired.At);

    /// <summary>When a clone is to go, as these events say; null if they do not.</summary>
    public static DateTimeOffset? EndOf(IEnumerable<StoredEvent> events) =>
        events.LastOrDefault(e => e.Name is "ingress_ready.v1" or "extended.v1")?.Body.GetProperty("expiresAt").GetDateTimeOffset();

    private static IEnumerable<long> FencesOf(IEnumerable<StoredEvent> events) => events.Named("step_started.v1").Select(e => e.Body.GetProperty("fence").GetInt64());

    private static LedgerOrder Order(string job, StoredEvent e) => new(
        job, Enum.Parse<CloneStep>(e.Body.GetProperty("step").GetString()!), e.Body.GetProperty("attempt").GetInt32(), e.Body.GetProperty("fence").GetInt64());

    private static string Names(IReadOnlyDictionary<string, IReadOnlyList<StoredEvent>> history, string job) =>
        history.TryGetValue(job, out var events) ? string.Join(", ", events.Select(e => e.Name)) : "not in the event log";

    private sealed record LedgerOrder(string Job, CloneStep Step, int Attempt, long Fence);
}
