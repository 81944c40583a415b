using CloneHub.Contracts;

namespace CloneHub.Jobs.Tests;

/// <summary>Jobs whose owner installs the connector where CloneHub cannot.</summary>
public sealed class CloneJobByHandTests
{
    private static readonly RequestClone ByHand = new(Given.Source, "acme", "shop", Given.Ttl, "f1", ByHand: true);

    [Fact]
    public void It_waits_for_its_owner_and_goes_on_where_it_was()
    {
        var waiting = AtTheImport(ByHand).FailingWith(Given.Final).Job;

        Assert.Equal((CloneStep.AwaitConnector, Given.Final, "running", 30), (waiting.NextStep, waiting.Awaited, waiting.Status, waiting.Progress()));
        Assert.Contains(Given.Final.Message, waiting.Message, StringComparison.Ordinal);

        var again = AtTheImport(ByHand).FailingWith(Given.Final).Succeeding().Job;
        Assert.Equal((CloneStep.ImportContent, null, 2), (again.NextStep, again.Awaited, again.Attempt));
        Assert.Equal(Stage.ContentImported, AtTheImport(ByHand).FailingWith(Given.Final).Succeeding().Succeeding().Job.Stage);
    }

    [Fact]
    public void One_that_did_not_offer_a_hand_fails_at_once() =>
        Assert.Equal(Stage.Failed, AtTheImport(ByHand with { ByHand = false }).FailingWith(Given.Final).Job.Stage);

    [Theory]
    [InlineData("SOURCE_TLS")]
    [InlineData("VERIFY_FAILED")]
    [InlineData("DISK_FULL")]
    public void What_no_hand_can_help_with_fails_it(string code) =>
        Assert.Equal(Stage.Failed, AtTheImport(ByHand).FailingWith(Given.Final with { Code = code }).Job.Stage);

    [Fact]
    public void A_refusal_that_may_pass_is_tried_again_first()
    {
        var locked = Given.Passing with { Code = "LOGIN_LOCKED" };
        var job = AtTheImport(ByHand);
        for (var n = 1; n < CloneJob.MaxFailures; n++)
        {
            job = job.FailingWith(locked).At(TimeSpan.FromMinutes(1));
            Assert.Null(job.Job.Awaited);
        }

        Assert.Equal(locked, job.FailingWith(locked).Job.Awaited);
    }

    [Fact]
    public void An_owner_who_does_nothing_ends_it_with_the_reason()
    {
        var job = AtTheImport(ByHand).FailingWith(Given.Final).Started().At(CloneJob.BuildLimit).After(new Expire()).Job;

        Assert.Equal((Stage.Failed, "ACTION_NOT_TAKEN", CloneStep.AwaitConnector), (job.Stage, job.Fault!.Code, job.FaultStep));
        Assert.Contains(Given.Final.Message, job.Fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void It_can_be_cancelled_while_it_waits() =>
        Assert.Equal(Stage.Cancelled, AtTheImport(ByHand).FailingWith(Given.Final).Started().After(new Cancel()).Succeeding().Job.Stage);

    private static Given AtTheImport(RequestClone request)
    {
        var given = Given.Nothing.After(request).After(new Begin());
        while (given.Job.NextStep is not CloneStep.ImportContent) given = given.Succeeding();
        return given;
    }
}
