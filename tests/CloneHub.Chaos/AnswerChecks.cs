using System.Globalization;

namespace CloneHub.Chaos;

/// <summary>
/// Concurrent histories: what customers were answered at several nodes, one after the other and at the same time. Of two answers that overlap neither is
/// the later one; all that is asked is of a question that began after another answer was there.
/// </summary>
internal static class AnswerChecks
{
    /// <summary>Times are told in milliseconds.</summary>
    private static readonly TimeSpan AsTold = TimeSpan.FromMilliseconds(1);

    /// <summary>Whoever asks after somebody was answered is told no earlier version: of the same node or another, after a look, an order or the acceptance.</summary>
    /// <param name="mayFall">True for a moment in which this is not promised.</param>
    public static IEnumerable<string> VersionsThatFell(Answers answers, Func<DateTimeOffset, bool> mayFall)
    {
        foreach (var (job, given) in answers.ByJob)
        {
            var earlier = new Queue<Answer>(given.OrderBy(answer => answer.Ended));
            Answer? newest = null;
            foreach (var answer in given.OrderBy(answer => answer.Begun))
            {
                while (earlier.TryPeek(out var before) && before.Ended < answer.Begun)
                {
                    if (newest is null || before.Version > newest.Version) newest = before;
                    earlier.Dequeue();
                }

                if (newest?.Version > answer.Version && !mayFall(answer.Begun) && !mayFall(answer.Ended))
                    yield return string.Create(CultureInfo.InvariantCulture, $"{job}: node {newest.Node + 1} told version {newest.Version} ({newest.Errand}), and {(answer.Begun - newest.Ended).TotalMilliseconds:0} ms later node {answer.Node + 1} version {answer.Version} ({answer.Errand})");
            }
        }
    }

    /// <summary>A version of a job is one state of it, whoever tells it.</summary>
    public static IEnumerable<string> VersionsThatDiffer(Answers answers) =>
        from job in answers.ByJob
        from version in job.Given.GroupBy(answer => answer.Version)
        let told = version.Select(answer => $"{answer.Status}, until {answer.ExpiresAt:O}").Distinct().ToList()
        where told.Count > 1
        select $"{job.Job}, version {version.Key}: {string.Join(" and ", told)}";

    /// <summary>An order that was answered is among the events that its answer counts.</summary>
    public static IEnumerable<string> OrdersNotKept(Answers answers, IReadOnlyDictionary<string, IReadOnlyList<StoredEvent>> history) =>
        from job in answers.ByJob
        from answer in job.Given
        where answer.Errand is Errand.Extend or Errand.Remove
        let events = history.GetValueOrDefault(job.Job, []).Take((int)answer.Version).ToList()
        where !(answer.Errand is Errand.Remove ? events.Any(e => e.Name is "cancel_requested.v1" or "expired.v1") : (Checks.EndOf(events) - answer.ExpiresAt)?.Duration() < AsTold)
        select $"{job.Job}: {answer.Errand} was answered with version {answer.Version}, and no event up to there tells of it";

    /// <summary>By the customers' own clock.</summary>
    /// <param name="removed">Clones that their customers did away with themselves.</param>
    public static IEnumerable<string> GoneEarly(Answers answers, IReadOnlyCollection<string> removed, Func<DateTimeOffset, DateTimeOffset> fast) =>
        from job in answers.ByJob
        where !removed.Contains(job.Job)
        let gone = job.Given.Where(answer => answer.IsRemoved).MinBy(answer => answer.Ended)
        let promised = gone is null ? null : job.Given.Where(answer => answer.Ended < gone.Begun).Max(answer => answer.ExpiresAt)
        where gone is not null && fast(gone.Ended) < promised
        select $"{job.Job} was promised until {promised:O} and was gone at {fast(gone.Ended):O}";
}
