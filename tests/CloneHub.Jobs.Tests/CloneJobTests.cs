using CloneHub.Contracts;

namespace CloneHub.Jobs.Tests;

public sealed class CloneJobTests
{
    [Fact]
    public void A_clone_goes_from_request_to_removal()
    {
        var events = new List<string>();
        var given = Given.Nothing;
        Ask(new RequestClone(Given.Source, "acme", null, Given.Ttl, "f1"));
        Ask(new Begin());
        for (var i = 0; i < 5; i++) Step();
        given = given.At(Given.Ttl);
        Ask(new Expire());
        Step();

        Assert.Equal(
            "CloneRequested Started StepStarted DatabaseReady StepStarted PodReady StepStarted ContentImported StepStarted PluginActivated " +
            "StepStarted IngressReady Expired StepStarted Removed",
            string.Join(' ', events));
        Assert.Equal("completed", given.Job.Status);
        Assert.NotNull(given.Job.RemovedAt);

        void Step()
        {
            Ask(new StartStep("n1"));
            Ask(given.Report(null));
        }

        void Ask(IJobCommand command)
        {
            events.AddRange(given.When(command).Select(e => e.GetType().Name));
            given = given.After(command);
        }
    }

    [Fact]
    public void The_time_to_live_counts_from_serving()
    {
        var serving = Given.AJobIn(Stage.PluginActivated).At(TimeSpan.FromMinutes(50)).Succeeding();

        Assert.Equal(Given.T0.AddMinutes(50) + Given.Ttl, serving.Job.ExpiresAt);
        Assert.Empty(serving.When(new Expire()));
        Assert.IsType<Expired>(Assert.Single(serving.At(Given.Ttl).When(new Expire())));
    }

    [Fact]
    public void Requesting_twice_changes_nothing() =>
        Assert.Empty(Given.AJobIn(Stage.Requested).When(new RequestClone(Given.Source, "acme", null, Given.Ttl, "f1")));

    [Fact]
    public void A_late_answer_of_an_earlier_attempt_changes_nothing()
    {
        var second = Given.AJobIn(Stage.Started).FailingWith(Given.Passing).At(TimeSpan.FromMinutes(1)).Started();

        Assert.Empty(second.When(second.Report(null, fence: 1)));
        Assert.IsType<DatabaseReady>(Assert.Single(second.When(second.Report(null))));
    }

    [Fact]
    public void An_answer_to_a_step_already_taken_changes_nothing()
    {
        var running = Given.AJobIn(Stage.Started).Started();
        var answer = running.Report(null);

        Assert.Empty(running.After(answer).When(answer));
    }

    [Fact]
    public void Every_start_is_a_new_attempt_with_a_higher_fence_also_after_a_crash()
    {
        var once = Given.AJobIn(Stage.DatabaseReady).Started();
        var again = Assert.IsType<StepStarted>(Assert.Single(once.When(new StartStep("n2"))));

        Assert.Equal((2, once.Job.Fence + 1, "n2"), (again.Attempt, again.Fence, again.Node));
    }

    [Fact]
    public void A_back_end_that_is_away_is_waited_for_as_often_as_a_step_may_start()
    {
        var away = Given.Passing with { Code = StepFault.BackendUnavailable };
        var given = Given.AJobIn(Stage.Started).Started();
        for (var i = 0; i < CloneJob.MaxAttempts - 1; i++)
        {
            Assert.IsType<StepFailed>(Assert.Single(given.When(given.Report(away))));
            given = given.After(given.Report(away)).At(TimeSpan.FromMinutes(1)).Started();
        }

        Assert.Equal(away, Assert.IsType<JobFailed>(Assert.Single(given.When(given.Report(away)))).Fault);
    }

    [Fact]
    public void A_worker_that_was_lost_takes_no_try_from_the_step()
    {
        var given = Given.AJobIn(Stage.Started);
        for (var i = 0; i < CloneJob.MaxFailures; i++)
            given = given.Started().After(given.Started().Report(StepFault.LostWorker)).At(TimeSpan.FromMinutes(1));
        given = given.Started();

        Assert.IsType<StepFailed>(Assert.Single(given.When(given.Report(Given.Passing))));
    }

    [Fact]
    public void A_passing_fault_is_tried_again_after_a_growing_pause()
    {
        var given = Given.AJobIn(Stage.Started);
        var pauses = new List<double>();
        for (var i = 0; i < CloneJob.MaxFailures - 1; i++)
        {
            given = given.Started();
            var failed = Assert.IsType<StepFailed>(Assert.Single(given.When(given.Report(Given.Passing))));
            pauses.Add((failed.RetryAt - failed.At).TotalSeconds);
            given = given.After(given.Report(Given.Passing));
            Assert.Empty(given.When(new StartStep("n1")));
            given = given.At(TimeSpan.FromMinutes(1));
        }

        Assert.Equal([1, 2], pauses);
        given = given.Started();
        Assert.IsType<JobFailed>(Assert.Single(given.When(given.Report(Given.Passing))));
    }

    [Fact]
    public void A_final_fault_fails_the_job_at_once_and_keeps_what_exists_for_inspection()
    {
        var running = Given.AJobIn(Stage.PodReady).Started();
        var failed = Assert.IsType<JobFailed>(Assert.Single(running.When(running.Report(Given.Final))));

        Assert.Equal((CloneStep.ImportContent, Given.Final), (failed.Step, failed.Fault));
        var after = running.After(running.Report(Given.Final));
        Assert.Equal(("failed", 30, null), (after.Job.Status, after.Job.Progress(), after.Job.NextStep));
        Assert.Empty(after.When(new Expire()));
        Assert.IsType<Expired>(Assert.Single(after.At(Given.Ttl).When(new Expire())));
        Assert.Equal("failed", after.At(Given.Ttl).After(new Expire()).Succeeding().Job.Status);
    }

    [Fact]
    public void A_removal_is_tried_for_ever_with_bounded_pauses()
    {
        var given = Given.AJobIn(Stage.Removing);
        for (var i = 0; i < 40; i++)
        {
            given = given.Started();
            var failed = Assert.IsType<StepFailed>(Assert.Single(given.When(given.Report(Given.Final))));
            Assert.InRange(failed.RetryAt - failed.At, TimeSpan.Zero, TimeSpan.FromMinutes(5));
            given = given.After(given.Report(Given.Final)).At(TimeSpan.FromMinutes(5));
        }

        Assert.IsType<Removed>(Assert.Single(given.Started().When(given.Started().Report(null))));
    }

    [Fact]
    public void A_step_that_kills_its_worker_every_time_fails_the_job()
    {
        var given = Given.AJobIn(Stage.Started);
        for (var i = 0; i < CloneJob.MaxAttempts; i++) given = given.Started();

        var failed = Assert.IsType<JobFailed>(Assert.Single(given.When(new StartStep("n1"))));
        Assert.Equal("STEP_STARTED_TOO_OFTEN", failed.Fault.Code);
    }

    [Fact]
    public void A_job_that_never_serves_fails_at_its_own_deadline()
    {
        var given = Given.AJobIn(Stage.Requested);

        Assert.Empty(given.At(CloneJob.BuildLimit - TimeSpan.FromSeconds(1)).When(new Expire()));
        var failed = Assert.IsType<JobFailed>(Assert.Single(given.At(CloneJob.BuildLimit).When(new Expire())));
        Assert.Equal("JOB_TIMED_OUT", failed.Fault.Code);
    }

    [Fact]
    public void A_waiting_job_is_cancelled_at_once_and_a_running_one_after_its_removal()
    {
        Assert.Equal(["CancelRequested", "Cancelled"], Given.AJobIn(Stage.Requested).When(new Cancel()).Select(e => e.GetType().Name));

        var running = Given.AJobIn(Stage.PodReady).Started().After(new Cancel());
        Assert.Equal((CloneStep.Remove, "running"), (running.Job.NextStep!.Value, running.Job.Status));
        Assert.Equal("cancelled", running.Succeeding().Job.Status);
    }

    [Fact]
    public void Removing_a_serving_clone_leaves_its_job_completed()
    {
        var removed = Given.AJobIn(Stage.Serving).After(new Cancel()).Succeeding();

        Assert.Equal((Stage.Removed, "completed"), (removed.Job.Stage, removed.Job.Status));
    }

    [Theory]
    [InlineData(Stage.Removing)]
    [InlineData(Stage.Removed)]
    [InlineData(Stage.Cancelled)]
    public void A_second_cancel_changes_nothing(Stage stage) => Assert.Empty(Given.AJobIn(stage).When(new Cancel()));

    [Theory]
    [InlineData(Stage.Removed)]
    [InlineData(Stage.Cancelled)]
    public void Nothing_happens_to_a_job_that_is_over(Stage stage)
    {
        var over = Given.AJobIn(stage).At(TimeSpan.FromDays(10));
        IJobCommand[] commands =
            [new Begin(), new StartStep("n1"), over.Report(null), over.Report(Given.Passing), new Expire(), new Cancel(), new RequestClone(Given.Source, "a", null, Given.Ttl, "x")];

        Assert.All(commands, command => Assert.Empty(over.When(command)));
    }

    [Fact]
    public void Progress_follows_the_finished_steps_and_the_running_one()
    {
        Assert.Equal(
            [0, 5, 10, 30, 90, 92, 100],
            Enumerable.Range((int)Stage.Requested, 7).Select(stage => Given.AJobIn((Stage)stage).Job.Progress()));
        var copying = Given.AJobIn(Stage.PodReady).Job;
        Assert.Equal([30, 59, 89], new[] { 0, 0.5, 1 }.Select(copying.Progress));
    }

    [Fact]
    public void Warnings_of_all_steps_are_kept() =>
        Assert.Equal(["object-cache.php was switched off", "object-cache.php was switched off"], Given.AJobIn(Stage.Serving).Job.Warnings);

    [Fact]
    public void An_extension_counts_from_now_and_may_be_repeated()
    {
        var serving = Given.AJobIn(Stage.Serving).At(TimeSpan.FromMinutes(20)).After(new Extend(TimeSpan.FromMinutes(60)));

        Assert.Equal(Given.T0.AddMinutes(80), serving.Job.ExpiresAt);
        Assert.Equal(serving.Job.ExpiresAt, serving.Job.Deadline);
        Assert.Empty(serving.At(TimeSpan.FromMinutes(10)).When(new Expire()));
        Assert.Equal(Given.T0.AddMinutes(30), serving.At(TimeSpan.FromMinutes(5)).After(new Extend(TimeSpan.FromMinutes(5))).Job.ExpiresAt);
    }

    [Theory]
    [InlineData(Stage.Requested)]
    [InlineData(Stage.PluginActivated)]
    [InlineData(Stage.Failed)]
    [InlineData(Stage.Removing)]
    [InlineData(Stage.Removed)]
    [InlineData(Stage.Cancelled)]
    public void Only_a_serving_clone_is_extended(Stage stage) => Assert.Empty(Given.AJobIn(stage).When(new Extend(Given.Ttl)));

    [Theory]
    [InlineData(0, false)]
    [InlineData(29, false)]
    [InlineData(-29, false)]
    [InlineData(30, true)]
    [InlineData(-30, true)]
    public void An_extension_that_moves_the_end_by_seconds_is_none(int seconds, bool extends) =>
        Assert.Equal(extends, Given.AJobIn(Stage.Serving).When(new Extend(Given.Ttl + TimeSpan.FromSeconds(seconds))).Count == 1);

    [Fact]
    public void A_clone_is_extended_so_often_and_not_once_more()
    {
        var serving = Given.AJobIn(Stage.Serving);
        for (var count = 0; count < CloneJob.MaxExtensions; count++) serving = serving.At(TimeSpan.FromMinutes(1)).After(new Extend(Given.Ttl));

        Assert.Equal(CloneJob.MaxExtensions, serving.Job.Extensions);
        Assert.Empty(serving.At(TimeSpan.FromMinutes(1)).When(new Extend(Given.Ttl)));
    }

    [Fact]
    public void A_clone_whose_time_is_over_is_not_extended() => Assert.Empty(Given.AJobIn(Stage.Serving).At(Given.Ttl).When(new Extend(Given.Ttl)));
}
