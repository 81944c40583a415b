using CloneHub.Contracts;

namespace CloneHub.Jobs.Tests;

/// <summary>What becomes of a restore.</summary>
public sealed class RestoreJobTests
{
    private static readonly StepFault Lost = StepFault.LostWorker;

    [Fact]
    public void It_goes_from_the_request_to_the_end_of_the_day_of_undo()
    {
        var events = new List<string>();
        var given = GivenRestore.Nothing;
        Do(GivenRestore.Request);
        Do(new Begin());
        while (given.Job.Stage is not RestoreStage.Undoable) Step();
        Assert.Equal(("completed", 100, "The site has the clone's content.", null), (given.Job.Status, given.Job.Progress(), given.Job.Message, given.Job.NextStep));
        Assert.Equal(Given.T0 + RestoreJob.UndoLimit, given.Job.UndoUntil);
        given = given.At(RestoreJob.UndoLimit);
        Do(new Expire());
        Step();

        Assert.Equal(
            "RestoreRequested Started StepStarted Planned SnapshotTaken StepStarted Staged Verified StepStarted Swapped Probed RestoreCompleted Expired StepStarted RestoreEnded",
            string.Join(' ', events));
        Assert.True(given.Job.IsTerminal);

        void Step()
        {
            Do(new StartStep("n1"));
            Do(given.Report(null));
        }

        void Do(IJobCommand command)
        {
            events.AddRange(given.NamesWhen(command));
            given = given.After(command);
        }
    }

    [Fact]
    public void A_dry_run_ends_with_the_plan_and_keeps_nobody_away()
    {
        var given = GivenRestore.In(RestoreStage.Started, GivenRestore.Request with { Order = GivenRestore.Request.Order with { DryRun = true } }).Started();
        Assert.False(given.Job.HoldsTarget);

        var drifted = given.Report(null, GivenRestore.Facts with { Plan = GivenRestore.Plan with { Obstacles = ["no"], Drift = [Drift()] } });
        Assert.Equal(["Planned", "RestoreCompleted"], given.NamesWhen(drifted));
        given = given.After(drifted);

        Assert.Equal(("completed", 100, "The plan is made; nothing was changed."), (given.Job.Status, given.Job.Progress(), given.Job.Message));
        Assert.Equal((CloneStep.EndRestore, null), (given.Job.NextStep, given.Job.UndoUntil));
        Assert.Equal(RestoreStage.Ended, given.Succeeding().Job.Stage);
    }

    [Theory]
    [InlineData(OnDrift.Refuse, false, true)]
    [InlineData(OnDrift.Refuse, true, false)]
    [InlineData(OnDrift.KeepTables, false, true)]
    [InlineData(OnDrift.KeepTables, true, false)]
    [InlineData(OnDrift.Overwrite, false, false)]
    public void What_the_site_has_earned_is_not_lost_unless_that_is_wanted(OnDrift onDrift, bool stays, bool refused)
    {
        var given = GivenRestore.In(RestoreStage.Started, GivenRestore.Request with { Order = GivenRestore.Request.Order with { OnDrift = onDrift } });

        var planned = given.Succeeding(GivenRestore.Facts with { Plan = GivenRestore.Plan with { Drift = [Drift(stays)] } });

        Assert.Equal(refused ? "failed" : "running", planned.Job.Status);
        Assert.NotNull(planned.Job.Plan);
        if (!refused) return;
        Assert.Equal((StepFault.TargetChanged, CloneStep.PlanRestore, false), (planned.Job.Fault!.Code, planned.Job.FaultStep, planned.Job.Fault.Retryable));
        Assert.Contains("2 new orders in wp_wc_orders", planned.Job.Fault.Message, StringComparison.Ordinal);
        Assert.Equal(CloneStep.EndRestore, planned.Job.NextStep);
    }

    [Fact]
    public void A_site_is_held_until_nothing_lies_beside_it()
    {
        Assert.All(
            [RestoreStage.Requested, RestoreStage.Started, RestoreStage.Planned, RestoreStage.Staged, RestoreStage.RollingBack], stage => Assert.True(GivenRestore.In(stage).Job.HoldsTarget, $"{stage}"));
        Assert.All([RestoreStage.Undoable, RestoreStage.Ending, RestoreStage.Ended, RestoreStage.Cancelled], stage => Assert.False(GivenRestore.In(stage).Job.HoldsTarget, $"{stage}"));
        Assert.True(GivenRestore.In(RestoreStage.Planned).After(new Cancel()).Job.HoldsTarget);
        Assert.False(GivenRestore.In(RestoreStage.Started).FailingWith(Given.Final).Job.HoldsTarget);
    }

    [Fact]
    public void What_stands_in_the_way_is_named()
    {
        var planned = GivenRestore.In(RestoreStage.Started).Succeeding(GivenRestore.Facts with { Plan = GivenRestore.Plan with { Obstacles = ["PHP cannot write to wp-content"] } });

        Assert.Equal(("RESTORE_UNSUPPORTED", "The site cannot be restored: PHP cannot write to wp-content."), (planned.Job.Fault!.Code, planned.Job.Fault.Message));
    }

    [Fact]
    public void The_worker_is_told_what_it_compares_with()
    {
        static RestoreOrder OrderIn(RestoreStage stage) => ((IJob)GivenRestore.In(stage).Job).Order(Given.Id).Restore!;

        Assert.Equal((GivenRestore.Request.Order.Base, null), (OrderIn(RestoreStage.Started).Base, OrderIn(RestoreStage.Started).Snapshot));
        Assert.Equal([GivenRestore.Mark], OrderIn(RestoreStage.Staged).Snapshot!);
        Assert.Null(OrderIn(RestoreStage.Staged).Base);
        Assert.Equal(GivenRestore.Target, OrderIn(RestoreStage.RollingBack).TargetUrl);
    }

    [Fact]
    public void Log_ins_are_needed_until_all_lies_beside_the_site()
    {
        Assert.All([RestoreStage.Requested, RestoreStage.Started, RestoreStage.Planned], stage => Assert.True(((IJob)GivenRestore.In(stage).Job).NeedsLogIns));
        Assert.All([RestoreStage.Staged, RestoreStage.Undoable, RestoreStage.RollingBack, RestoreStage.Ending], stage => Assert.False(((IJob)GivenRestore.In(stage).Job).NeedsLogIns));
    }

    [Fact]
    public void A_site_that_was_broken_and_mended_is_a_failure_that_says_so()
    {
        var swapping = GivenRestore.In(RestoreStage.Staged).Started();

        Assert.Equal(["RolledBack", "JobFailed"], swapping.NamesWhen(swapping.Report(GivenRestore.Broken)));
        var failed = swapping.After(swapping.Report(GivenRestore.Broken));
        Assert.Equal(("failed", StepFault.RestoreBrokeSite, CloneStep.EndRestore), (failed.Job.Status, failed.Job.Fault!.Code, failed.Job.NextStep));
        Assert.NotNull(failed.Job.RolledBackAt);
    }

    [Fact]
    public void Whatever_leaves_in_doubt_what_the_site_holds_is_followed_by_the_way_back()
    {
        var swapping = GivenRestore.In(RestoreStage.Staged).Started();

        Assert.Equal(["RollbackRequested"], swapping.NamesWhen(swapping.Report(Given.Final)));
        Assert.Equal(["RollbackRequested"], swapping.At(RestoreJob.BuildLimit).NamesWhen(new Expire()));
        var again = swapping.After(swapping.Report(Lost)).Started();
        Assert.Equal(["RollbackRequested"], again.NamesWhen(again.Report(new StepFault(StepFault.TargetChanged, "It has changed.", "Look.", false))));

        var back = swapping.After(swapping.Report(Given.Final));
        Assert.Equal(("running", CloneStep.RollBackRestore), (back.Job.Status, back.Job.NextStep));
        Assert.True(back.Job.HoldsTarget);
        back = back.Succeeding();
        Assert.Equal(("failed", Given.Final, CloneStep.EndRestore), (back.Job.Status, back.Job.Fault, back.Job.NextStep));
    }

    [Fact]
    public void A_site_that_changed_before_places_did_is_left_alone()
    {
        var swapping = GivenRestore.In(RestoreStage.Staged).Started();

        Assert.Equal(["JobFailed"], swapping.NamesWhen(swapping.Report(new StepFault(StepFault.TargetChanged, "It has changed.", "Look.", false))));
    }

    [Fact]
    public void If_the_way_back_is_barred_that_is_told_and_can_be_tried_again_for_a_day()
    {
        var given = GivenRestore.In(RestoreStage.Staged).FailingWith(Given.Final);
        for (var i = 1; i < RestoreJob.MinReturns; i++) given = given.FailingWith(Given.Passing).At(TimeSpan.FromHours(1));

        given = given.FailingWith(Given.Passing);

        Assert.Equal((RestoreStage.Undoable, "failed", "ROLLBACK_FAILED"), (given.Job.Stage, given.Job.Status, given.Job.Fault!.Code));
        given = given.After(new RollBack());
        Assert.Equal(CloneStep.RollBackRestore, given.Job.NextStep);
        given = given.Succeeding();
        Assert.Equal((RestoreStage.Ending, "failed"), (given.Job.Stage, given.Job.Status));
    }

    [Fact]
    public void The_owner_has_the_old_content_back_within_the_day()
    {
        var undone = GivenRestore.In(RestoreStage.Undoable).After(new RollBack()).Succeeding();

        Assert.Equal(("completed", "The site has its old content again.", null), (undone.Job.Status, undone.Job.Message, undone.Job.UndoUntil));
        Assert.Equal(RestoreStage.Ended, undone.Succeeding().Job.Stage);
        Assert.Empty(GivenRestore.In(RestoreStage.Undoable).At(RestoreJob.UndoLimit).When(new RollBack()));
        Assert.All([RestoreStage.Planned, RestoreStage.RollingBack, RestoreStage.Ending, RestoreStage.Ended], stage => Assert.Empty(GivenRestore.In(stage).When(new RollBack())));
    }

    [Fact]
    public void A_rollback_that_fails_for_good_says_so_and_the_site_keeps_what_it_has()
    {
        var given = GivenRestore.In(RestoreStage.RollingBack).FailingWith(new StepFault(StepFault.UndoOver, "The old content is gone.", "Use a backup.", false));

        Assert.Equal((RestoreStage.Undoable, "completed"), (given.Job.Stage, given.Job.Status));
        Assert.EndsWith("The old content is gone.", given.Job.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_restore_is_cancelled_as_long_as_places_have_not_begun_to_change()
    {
        Assert.Equal(["CancelRequested", "Cancelled"], GivenRestore.In(RestoreStage.Requested).NamesWhen(new Cancel()));
        var staged = GivenRestore.In(RestoreStage.Staged);
        Assert.Equal(["CancelRequested"], staged.NamesWhen(new Cancel()));
        Assert.Empty(staged.Started().When(new Cancel()));
        Assert.Equal("cancelled", staged.After(new Cancel()).Succeeding().Job.Status);
        Assert.Equal("completed", GivenRestore.In(RestoreStage.Undoable).After(new Cancel()).Succeeding().Job.Status);
    }

    [Fact]
    public void What_cannot_be_removed_at_the_site_does_not_hold_up_the_end()
    {
        var given = GivenRestore.In(RestoreStage.Ending);
        for (var i = 1; i < RestoreJob.MinReturns; i++) given = given.FailingWith(Given.Passing).At(TimeSpan.FromHours(1));
        var last = given.Started();

        Assert.Equal(Given.Passing, Assert.IsType<RestoreEnded>(Assert.Single(last.When(last.Report(Given.Passing)))).Fault);
    }

    [Fact]
    public void A_job_that_was_never_begun_has_nothing_to_remove() =>
        Assert.Equal(["JobFailed", "RestoreEnded"], GivenRestore.In(RestoreStage.Requested).At(RestoreJob.BuildLimit).NamesWhen(new Expire()));

    [Fact]
    public void Earlier_restores_of_the_site_are_told_that_their_way_back_is_gone()
    {
        var done = GivenRestore.In(RestoreStage.Undoable);

        Assert.True(done.Job.ReplacesNow);
        Assert.Equal(["EarlierReplaced"], done.NamesWhen(new ReportReplaced([])));
        Assert.False(done.After(new ReportReplaced([])).Job.ReplacesNow);
    }

    [Fact]
    public void The_first_event_tells_which_lifecycle_a_stream_is_of()
    {
        Assert.IsType<RestoreJob>(Lifecycles.None.After(GivenRestore.In(RestoreStage.Requested).Job.Request!));
        Assert.IsType<CloneJob>(Lifecycles.None.After(Given.AJobIn(Stage.Requested).Job.Request!));
    }

    /// <summary>An order that comes while the site is looked at is not the restore's: a later one must not take it for its own.</summary>
    [Fact]
    public void What_was_staged_is_what_a_later_restore_is_measured_against()
    {
        var marked = GivenRestore.Facts with { Staged = GivenRestore.Facts.Staged! with { Marks = [GivenRestore.Mark with { Sum = "staged" }] } };
        var given = GivenRestore.In(RestoreStage.Planned).Succeeding(marked).Started();
        Assert.True(((IJob)given.Job).Order(Given.Id).Restore!.IsMarked);

        var options = new TableMark("wp_options", 9, "seen");
        var swapped = given.When(given.Report(null, GivenRestore.Facts with { Swap = new SwapFacts([GivenRestore.Mark with { Sum = "seen" }, options], 240) })).OfType<Swapped>().Single();

        Assert.Equal([GivenRestore.Mark with { Sum = "staged" }, options], swapped.Tables);
    }

    private static TableDrift Drift(bool stays = false) => new("wp_wc_orders", DriftKind.Orders, 4, 6, 2, stays);
}
