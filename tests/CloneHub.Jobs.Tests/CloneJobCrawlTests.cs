using CloneHub.Contracts;

namespace CloneHub.Jobs.Tests;

/// <summary>A clone that serves is looked at once more. Whatever comes of it, the clone serves on.</summary>
public sealed class CloneJobCrawlTests
{
    private static readonly CrawlFacts Found = new(3, 1, 2, 9, ["/about answers 404 instead of 200"], []);

    [Fact]
    public void A_clone_of_a_whole_site_is_crawled_once_it_serves()
    {
        var serving = Serving();
        Assert.Equal(("completed", 100, CloneStep.Crawl), (serving.Job.Status, serving.Job.Progress(), serving.Job.NextStep));

        var crawled = serving.Started().After(Report(serving.Started(), null));

        Assert.Equal(("completed", 100, null), (crawled.Job.Status, crawled.Job.Progress(), crawled.Job.NextStep));
        Assert.Equal("The crawl found that /about answers 404 instead of 200.", crawled.Job.Warnings[^1]);
        Assert.Equal(serving.Job.ExpiresAt, crawled.Job.ExpiresAt);
    }

    [Fact]
    public void One_that_is_not_to_be_crawled_rests() => Assert.Null(Given.AJobIn(Stage.Serving).Job.NextStep);

    [Fact]
    public void A_crawl_that_may_come_to_something_is_tried_again_and_then_left()
    {
        var given = Serving();
        for (var attempt = 1; attempt < CloneJob.MaxFailures; attempt++)
        {
            given = given.Started().After(Report(given.Started(), Given.Passing)).At(TimeSpan.FromMinutes(1));
            Assert.Equal(CloneStep.Crawl, given.Job.NextStep);
        }

        given = given.Started().After(Report(given.Started(), Given.Passing));

        Assert.Equal((Stage.Serving, "completed", null), (given.Job.Stage, given.Job.Status, given.Job.NextStep));
        Assert.Equal($"Clone and source were not crawled: {Given.Passing.Message}", given.Job.Warnings[^1]);
    }

    [Fact]
    public void One_that_cannot_come_to_anything_is_left_at_once()
    {
        var running = Serving().Started();

        Assert.Equal(new Crawled(null, Given.Final, Given.T0), Assert.Single(running.When(Report(running, Given.Final))));
    }

    [Fact]
    public void Late_it_is_left_out()
    {
        var late = Assert.IsType<Crawled>(Assert.Single(Serving().At(CloneJob.CrawlLimit + TimeSpan.FromSeconds(1)).When(new StartStep("n1"))));

        Assert.Equal("CRAWL_TOO_LATE", late.Fault!.Code);
    }

    [Fact]
    public void A_clone_whose_time_is_over_is_crawled_no_longer()
    {
        var running = Serving().Started();
        var report = Report(running, null);

        var expired = running.At(Given.Ttl).After(new Expire());

        Assert.Equal((Stage.Removing, CloneStep.Remove), (expired.Job.Stage, expired.Job.NextStep));
        Assert.Empty(expired.When(report));
        Assert.Equal(Stage.Removing, running.After(new Cancel()).Job.Stage);
    }

    [Fact]
    public void More_time_does_not_disturb_it()
    {
        var longer = Serving().Started().At(TimeSpan.FromMinutes(1)).After(new Extend(2 * Given.Ttl));

        Assert.NotNull(longer.Job.Running(Given.Id));
        Assert.IsType<Crawled>(Assert.Single(longer.When(Report(longer, null))));
    }

    private static Given Serving()
    {
        var running = Given.AJobIn(Stage.PluginActivated).Started();
        return running.After(running.Report(null) with { Facts = Given.Facts with { CrawlFollows = true } });
    }

    private static ReportStep Report(Given running, StepFault? fault) => running.Report(fault) with { Facts = StepFacts.None with { Crawl = Found } };
}
