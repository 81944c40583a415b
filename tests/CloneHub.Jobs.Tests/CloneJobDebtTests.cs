using CloneHub.Contracts;

namespace CloneHub.Jobs.Tests;

/// <summary>What a job owes beside its steps: calls to its owner, and the end of the clones it replaces.</summary>
public sealed class CloneJobDebtTests
{
    private static readonly RequestClone Request =
        new(Given.Source, "acme", "shop", Given.Ttl, "f1", Replaces: true, Notifies: true);

    [Fact]
    public void Who_did_not_ask_is_owed_nothing()
    {
        var removed = Given.AJobIn(Stage.Removed);

        Assert.Empty(removed.Job.Notices);
        Assert.False(Given.AJobIn(Stage.Serving).Job.ReplacesNow);
        Assert.True(removed.Job.IsOver);
    }

    [Fact]
    public void The_owner_is_told_of_every_end_in_its_order()
    {
        var removed = Serving().After(new Cancel()).Succeeding();

        Assert.Equal([Notice.Completed, Notice.Removed], removed.Job.Notices);
        Assert.False(removed.Job.IsOver);
        var told = removed.After(Answer(Notice.Completed)).After(Answer(Notice.Removed));
        Assert.True(told.Job.IsOver);
    }

    [Fact]
    public void A_job_that_ends_before_it_serves_says_so()
    {
        Assert.Equal([Notice.Failed], Building().FailingWith(Given.Final).Job.Notices);
        Assert.Equal([Notice.Cancelled], Given.Nothing.After(Request).After(new Cancel()).Job.Notices);
    }

    [Fact]
    public void A_call_that_fails_is_repeated_after_growing_pauses_and_given_up_in_the_end()
    {
        var given = Serving();
        var pauses = new List<TimeSpan?>();
        for (var attempt = 1; attempt <= NoticeRules.MaxAttempts; attempt++)
        {
            var failed = Assert.IsType<NoticeFailed>(Assert.Single(given.When(Answer(Notice.Completed, attempt, "It answered 500."))));
            pauses.Add(failed.RetryAt - failed.At);
            given = given.After(Answer(Notice.Completed, attempt, "It answered 500."));
            Assert.Equal(failed.RetryAt ?? default, given.Job.NoticeAt);
        }

        Assert.Equal(pauses.Order().Skip(1), pauses.SkipLast(1));
        Assert.Null(pauses[^1]);
        Assert.Empty(given.Job.Notices);
        Assert.Equal(100, given.Job.Progress());
    }

    [Fact]
    public void A_call_in_vain_is_not_repeated()
    {
        var given = Serving().After(new Cancel()).Succeeding().After(Answer(Notice.Completed, 1, "It answered 410.") with { Final = true });

        Assert.Equal([Notice.Removed], given.Job.Notices);
        Assert.Equal((0, default), (given.Job.NoticeAttempt, given.Job.NoticeAt));
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(30, 30)]
    [InlineData(86400, 3600)]
    [InlineData(-5, 2)]
    public void An_owner_may_ask_for_a_longer_pause_up_to_an_hour(int asked, int expected)
    {
        var given = Serving();
        var answer = Answer(Notice.Completed, 1, "It answered 503.") with { RetryAfter = TimeSpan.FromSeconds(asked) };

        var failed = Assert.IsType<NoticeFailed>(Assert.Single(given.When(answer)));

        Assert.Equal(TimeSpan.FromSeconds(expected), failed.RetryAt - failed.At);
    }

    [Fact]
    public void A_late_or_doubled_answer_changes_nothing()
    {
        var once = Serving().After(Answer(Notice.Completed, 1, "It answered 500."));

        Assert.Empty(once.When(Answer(Notice.Completed)));
        Assert.Empty(once.When(Answer(Notice.Removed, 2)));
        var delivered = once.After(Answer(Notice.Completed, 2));
        Assert.Empty(delivered.When(Answer(Notice.Completed, 2)));
    }

    [Fact]
    public void Earlier_clones_go_once_and_only_when_the_new_one_serves()
    {
        Assert.Empty(Building().When(new ReportReplaced([])));
        var serving = Serving();
        Assert.True(serving.Job.ReplacesNow);
        var replaced = serving.After(new ReportReplaced(["job-x"]));

        Assert.False(replaced.Job.ReplacesNow);
        Assert.Empty(replaced.When(new ReportReplaced(["job-x"])));
        Assert.False(serving.After(new Cancel()).Job.ReplacesNow);
    }

    [Fact]
    public void A_clone_that_a_later_one_has_replaced_goes_itself()
    {
        var replaced = Serving().After(new ReportReplaced(["job-x"], IsReplaced: true));

        Assert.Equal((Stage.Removing, false), (replaced.Job.Stage, replaced.Job.ReplacesNow));
        Assert.Equal(Outcome.Completed, replaced.Job.Outcome);
    }

    private static Given Building() => Given.Nothing.After(Request).After(new Begin());

    private static Given Serving()
    {
        var given = Building();
        while (given.Job.NextStep is not null) given = given.Succeeding();
        return given;
    }

    private static ReportNotice Answer(Notice notice, int attempt = 1, string? fault = null) => new(notice, attempt, fault, Jitter: 1);
}
