using System.Net;

namespace CloneHub.Chaos.Tests;

/// <summary>Each check of concurrent histories finds what it is there to find, and nothing where two answers only overlap.</summary>
public sealed class AnswerChecksTests
{
    private const string Job = "job-a";
    private static readonly DateTimeOffset Begin = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void An_earlier_version_after_a_later_one_is_found_at_whichever_node()
    {
        Assert.Single(AnswerChecks.VersionsThatFell(Of(Look(0, 10, version: 4), Look(20, 30, version: 3, node: 1)), Never));
        Assert.Empty(AnswerChecks.VersionsThatFell(Of(Look(0, 10, version: 4), Look(20, 30, version: 4, node: 1)), Never));
    }

    [Fact]
    public void Of_two_answers_that_overlap_neither_is_the_later_one() =>
        Assert.Empty(AnswerChecks.VersionsThatFell(Of(Look(0, 25, version: 4), Look(20, 30, version: 3)), Never));

    [Fact]
    public void An_order_that_the_next_look_does_not_know_of_is_found() =>
        Assert.Single(AnswerChecks.VersionsThatFell(Of(Look(0, 10, version: 9) with { Errand = Errand.Remove }, Look(11, 12, version: 8)), Never));

    [Fact]
    public void Where_it_is_not_promised_a_version_may_fall() =>
        Assert.Empty(AnswerChecks.VersionsThatFell(Of(Look(0, 10, version: 4), Look(20, 30, version: 3)), at => at == At(30)));

    [Fact]
    public void One_version_that_is_told_in_two_ways_is_found()
    {
        Assert.Single(AnswerChecks.VersionsThatDiffer(Of(Look(0, 1, version: 4), Look(2, 3, version: 4) with { Status = "failed" })));
        Assert.Single(AnswerChecks.VersionsThatDiffer(Of(Look(0, 1, version: 4), Look(2, 3, version: 4) with { ExpiresAt = Begin })));
        Assert.Empty(AnswerChecks.VersionsThatDiffer(Of(Look(0, 1, version: 4), Look(2, 3, version: 5) with { Status = "failed" })));
    }

    [Fact]
    public void An_order_that_no_event_tells_of_is_found()
    {
        var ordered = Of(Look(0, 1, version: 2) with { Errand = Errand.Remove });

        Assert.Single(AnswerChecks.OrdersNotKept(ordered, History("clone_requested.v1", "started.v1", "cancel_requested.v1")));
        Assert.Empty(AnswerChecks.OrdersNotKept(ordered, History("clone_requested.v1", "cancel_requested.v1")));
    }

    [Fact]
    public void A_clone_that_went_before_its_promised_end_is_found_unless_its_customer_wanted_that()
    {
        var answers = Of(Look(0, 1, version: 4) with { ExpiresAt = At(500) }, Look(2, 3, version: 9) with { IsRemoved = true });

        Assert.Single(AnswerChecks.GoneEarly(answers, [], real => real));
        Assert.Empty(AnswerChecks.GoneEarly(answers, [Job], real => real));
        Assert.Empty(AnswerChecks.GoneEarly(answers, [], real => real.AddSeconds(1)));
    }

    private static bool Never(DateTimeOffset at) => false;

    private static DateTimeOffset At(int milliseconds) => Begin.AddMilliseconds(milliseconds);

    private static Answer Look(int begun, int ended, long version, int node = 0) =>
        new(Job, Errand.Look, node, At(begun), At(ended), HttpStatusCode.OK, version, "completed", ExpiresAt: null, IsRemoved: false, default);

    private static Answers Of(params Answer[] given)
    {
        var answers = new Answers();
        foreach (var answer in given) answers.Note(answer);
        return answers;
    }

    private static Dictionary<string, IReadOnlyList<StoredEvent>> History(params string[] names) =>
        new() { [Job] = [.. names.Select((name, i) => new StoredEvent(i + 1, name, default))] };
}
