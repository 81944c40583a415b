using CloneHub.Contracts;

namespace CloneHub.Jobs.Tests;

/// <summary>A clone that serves before its media are there. Whatever becomes of them it serves on, and the connector leaves the source.</summary>
public sealed class CloneJobMediaTests
{
    private static readonly MediaAwaited Awaited = new(3, 3_000);

    private static readonly MediaFacts Came = new(new FilesProof(2, 2_000, 0, "aa", "aa"), 1, 0, ["Media that could not be had are missing: wp-content/uploads/a.jpg (it is gone)"]);

    [Fact]
    public void Media_follow_once_the_clone_serves()
    {
        var serving = Serving();
        Assert.Equal(("completed", 100, CloneStep.FetchMedia, true), (serving.Job.Status, serving.Job.Progress(), serving.Job.NextStep, serving.Job.IsAtSource));
        Assert.Contains("still coming", serving.Job.Message, StringComparison.Ordinal);
        Assert.False(Order(serving.Started()).GivesMediaUp);

        var done = serving.Started().After(Report(serving.Started(), null));

        Assert.Equal((Stage.Serving, null, false, Came), (done.Job.Stage, done.Job.NextStep, done.Job.IsAtSource, done.Job.Media));
        Assert.Equal(Came.Notes[0], done.Job.Warnings[^1]);
        Assert.Null(done.Job.MediaFault);
    }

    [Fact]
    public void The_crawl_comes_first()
    {
        var serving = Serving(crawls: true);
        Assert.Equal(CloneStep.Crawl, serving.Job.NextStep);

        var crawled = serving.Started().After(Report(serving.Started(), null));

        Assert.Equal((CloneStep.FetchMedia, 0), (crawled.Job.NextStep, crawled.Job.Attempt));
    }

    [Fact]
    public void Without_anything_to_come_the_clone_rests_and_nothing_is_at_the_source()
    {
        var whole = Given.AJobIn(Stage.Serving);

        Assert.Equal((null, false), (whole.Job.NextStep, whole.Job.IsAtSource));
    }

    [Fact]
    public void What_may_come_is_tried_for_again_and_then_given_up()
    {
        var given = Serving();
        for (var failure = 1; failure <= CloneJob.MaxMediaFailures; failure++)
        {
            Assert.False(Order(given.Started()).GivesMediaUp);
            given = given.Started().After(Report(given.Started(), Given.Passing)).At(TimeSpan.FromMinutes(5));
        }

        Assert.Equal((Stage.Serving, CloneStep.FetchMedia), (given.Job.Stage, given.Job.NextStep));
        Assert.True(Order(given.Started()).GivesMediaUp);
        var end = Assert.IsType<MediaFetched>(Assert.Single(given.Started().When(Report(given.Started(), null))));
        Assert.Equal((Came, Given.Passing), (end.Facts, end.Fault));
    }

    [Fact]
    public void What_cannot_come_is_given_up_at_once()
    {
        var given = Serving().Started();
        given = given.After(Report(given, Given.Final)).At(TimeSpan.FromMinutes(1));

        Assert.True(Order(given.Started()).GivesMediaUp);
        Assert.Equal($"Media that had not come were given up: {Given.Final.Message}", given.Started().After(Report(given.Started(), null)).Job.Warnings[^2]);
    }

    [Fact]
    public void A_worker_that_is_lost_is_no_reason_to_give_up()
    {
        var given = Serving();
        for (var lost = 1; lost <= CloneJob.MaxMediaFailures; lost++) given = given.Started().After(Report(given.Started(), StepFault.LostWorker));

        Assert.False(Order(given.Started()).GivesMediaUp);
    }

    [Fact]
    public void While_the_back_end_is_away_nothing_is_given_up_however_long_that_takes()
    {
        var given = Serving();
        for (var away = 0; away < 2 * CloneJob.MaxMediaAttempts; away++)
            given = given.Started().After(Report(given.Started(), Given.Passing with { Code = StepFault.BackendUnavailable })).At(TimeSpan.FromMinutes(5));

        Assert.False(Order(given.Started()).GivesMediaUp);
        Assert.Null(Assert.IsType<MediaFetched>(Assert.Single(given.Started().When(Report(given.Started(), null)))).Fault);
    }

    [Fact]
    public void It_ends_even_if_giving_up_fails_for_ever()
    {
        var given = Serving();
        while (given.Job.NextStep is not null && given.Job.Attempt < CloneJob.MaxMediaAttempts)
            given = given.Started().After(Report(given.Started(), Given.Passing)).At(TimeSpan.FromMinutes(5));

        var end = Assert.IsType<MediaFetched>(Assert.Single(given.When(new StartStep("n1"))));
        Assert.Equal((null, Given.Passing), (end.Facts, end.Fault));
        Assert.Equal((Stage.Serving, "completed"), (given.After(new StartStep("n1")).Job.Stage, given.Job.Status));
    }

    [Fact]
    public void A_job_that_fails_before_it_serves_takes_the_connector_off_the_source()
    {
        var failed = Imported().FailingWith(Given.Final);
        Assert.Equal((Stage.Failed, CloneStep.FetchMedia), (failed.Job.Stage, failed.Job.NextStep));
        Assert.True(Order(failed.Started()).GivesMediaUp);

        var left = failed.Started().After(Report(failed.Started(), null));

        Assert.Equal((Stage.Failed, "failed", null, false), (left.Job.Stage, left.Job.Status, left.Job.NextStep, left.Job.IsAtSource));
        Assert.Equal(Given.Final, left.Job.Fault);
        Assert.Equal(failed.Job.RemoveAt, left.Job.RemoveAt);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_clone_that_goes_waits_for_none_of_them(bool expires)
    {
        var running = Serving().Started();
        var report = Report(running, null);

        var going = expires ? running.At(Given.Ttl).After(new Expire()) : running.After(new Cancel());

        Assert.Equal((Stage.Removing, CloneStep.Remove, true), (going.Job.Stage, going.Job.NextStep, going.Job.IsAtSource));
        Assert.Empty(going.When(report));
    }

    [Fact]
    public void More_time_does_not_disturb_them() =>
        Assert.IsType<MediaFetched>(Assert.Single(Serving().Started().At(TimeSpan.FromMinutes(1)).After(new Extend(2 * Given.Ttl)).When(Report(Serving().Started(), null))));

    private static CloneOrder Order(Given given) => ((IJob)given.Job).Order(Given.Id);

    private static Given Imported()
    {
        var running = Given.AJobIn(Stage.PodReady).Started();
        return running.After(running.Report(null) with { Facts = Given.Facts with { Awaited = Awaited } });
    }

    private static Given Serving(bool crawls = false)
    {
        var running = Imported().Succeeding().Started();
        return running.After(running.Report(null) with { Facts = Given.Facts with { CrawlFollows = crawls } });
    }

    private static ReportStep Report(Given running, StepFault? fault) =>
        running.Report(fault) with { Facts = StepFacts.None with { Media = Came, Crawl = new CrawlFacts(1, 0, 0, 0, [], []) } };
}
