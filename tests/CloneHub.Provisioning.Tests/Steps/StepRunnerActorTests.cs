using System.Diagnostics;
using System.Threading.Channels;
using Akka.Actor;
using Akka.TestKit.Xunit2;
using CloneHub.Contracts;
using CloneHub.Provisioning.Steps;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace CloneHub.Provisioning.Tests.Steps;

public sealed class StepRunnerActorTests : TestKit
{
    private const string Here = "akka.tcp://clonehub@127.0.0.1:4053#2";

    private readonly FakeTimeProvider _clock = new();
    private readonly ScriptedStep _step = new();
    private readonly CloneOrder _order = TestJobs.NewOrder();
    private readonly IActorRef _runner;

    public StepRunnerActorTests() => _runner = Sys.ActorOf(
        Props.Create(() => new StepRunnerActor(Here, new ICloneStep[] { _step }, _clock, NullLogger<StepRunnerActor>.Instance)));

    [Fact]
    public async Task A_step_that_is_done_is_reported_with_what_it_found()
    {
        Order(fence: 1);
        var run = await _step.NextAsync();
        run.Progress.Report(new ContentProgress(0.5, "Half of it"));
        run.Finish();

        Assert.Equal("Half of it", (await ExpectMsgAsync<StepProgressed>()).Message);
        var report = await ExpectMsgAsync<StepReported>();
        Assert.Null(report.Fault);
        Assert.Equal("found", report.Facts.Username);
    }

    [Fact]
    public async Task Progress_is_passed_on_a_few_times_a_second_only()
    {
        Order(fence: 1);
        var run = await _step.NextAsync();
        for (var i = 0; i < 1000; i++)
        {
            run.Progress.Report(new ContentProgress(i / 1000.0, "on"));
            _clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        run.Finish();

        var passedOn = 0;
        while (await ReceiveOneAsync(TimeSpan.FromSeconds(10)) is StepProgressed) passedOn++;
        Assert.Equal(4, passedOn);
    }

    /// <summary>A node that was killed and started again at its address knows nothing of what it had done.</summary>
    [Fact]
    public async Task An_order_for_who_had_this_address_before_is_not_carried_out()
    {
        _runner.Tell(new RunStep(Token(1), _order, Worker: "akka.tcp://clonehub@127.0.0.1:4053#1"), TestActor);
        _runner.Tell(new RunStep(Token(2), _order, Worker: Here), TestActor);

        (await _step.NextAsync()).Finish();

        Assert.Equal(2, (await ExpectMsgAsync<StepReported>()).Token.Fence);
    }

    /// <summary>From a queue of an older version.</summary>
    [Fact]
    public async Task An_order_for_all_workers_is_carried_out()
    {
        _runner.Tell(new RunStep(Token(1), _order, Worker: "all"), TestActor);

        (await _step.NextAsync()).Finish();

        Assert.Null((await ExpectMsgAsync<StepReported>()).Fault);
    }

    [Fact]
    public async Task The_same_order_again_starts_nothing()
    {
        Order(fence: 1);
        var run = await _step.NextAsync();
        Order(fence: 1);
        run.Finish();

        Assert.Equal(1, (await ExpectMsgAsync<StepReported>()).Token.Fence);
        await ExpectNextReportAsync(fence: 2);
        Assert.Equal(2, _step.Started);
    }

    [Fact]
    public async Task A_newer_attempt_starts_only_when_the_older_has_really_ended()
    {
        Order(fence: 1);
        var older = await _step.NextAsync(ignoresCancellation: true);
        Order(fence: 2);
        await older.Cancelled;
        Assert.Equal(1, _step.Started);

        older.Finish(new OperationCanceledException());
        var newer = await _step.NextAsync();
        newer.Finish();
        Assert.Equal(2, (await ExpectMsgAsync<StepReported>()).Token.Fence);
        await ExpectNextReportAsync(fence: 3);
    }

    [Fact]
    public async Task An_order_that_comes_late_changes_nothing()
    {
        Order(fence: 5);
        var run = await _step.NextAsync();
        Order(fence: 4);
        run.Finish();

        Assert.Equal(5, (await ExpectMsgAsync<StepReported>()).Token.Fence);
        Assert.Equal(1, _step.Started);
    }

    [Fact]
    public async Task A_cancelled_step_stops_and_reports_nothing()
    {
        Order(fence: 1);
        var run = await _step.NextAsync();
        _runner.Tell(new CancelStep(Token(fence: 1)), TestActor);

        await run.Cancelled;
        await ExpectNextReportAsync(fence: 2);
    }

    [Fact]
    public async Task An_overtaken_step_reports_nothing()
    {
        Order(fence: 1);
        (await _step.NextAsync()).Finish(new OvertakenException(Token(fence: 1)));

        await ExpectNextReportAsync(fence: 2);
    }

    [Fact]
    public async Task A_fault_with_a_name_is_reported_as_it_is()
    {
        var fault = new StepFault("LOGIN_FAILED", "The password is wrong.", "Give another.", Retryable: false);
        Order(fence: 1);
        (await _step.NextAsync()).Finish(new StepFaultException(fault));

        Assert.Equal(fault, (await ExpectMsgAsync<StepReported>()).Fault);
    }

    [Fact]
    public async Task An_unknown_exception_becomes_a_retryable_fault_that_tells_nothing_of_its_text()
    {
        Order(fence: 1);
        (await _step.NextAsync()).Finish(new InvalidOperationException("password=hunter2"));

        var fault = (await ExpectMsgAsync<StepReported>()).Fault!;
        Assert.Equal("INTERNAL", fault.Code);
        Assert.True(fault.Retryable);
        Assert.DoesNotContain("hunter2", fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stopping_runner_stops_its_steps()
    {
        Order(fence: 1);
        var run = await _step.NextAsync();
        Sys.Stop(_runner);

        await run.Cancelled;
    }

    [Fact]
    public async Task An_order_that_is_repeated_after_its_end_is_reported_again_and_not_done_again()
    {
        Order(fence: 1);
        (await _step.NextAsync()).Finish();
        await ExpectMsgAsync<StepReported>();

        Order(fence: 1);

        Assert.Equal("found", (await ExpectMsgAsync<StepReported>()).Facts.Username);
        Assert.Equal(1, _step.Started);
    }

    [Fact]
    public async Task What_was_ordered_by_one_that_is_gone_is_stopped()
    {
        var node = CreateTestProbe();
        _runner.Tell(new RunStep(Token(fence: 1), _order), node);
        var run = await _step.NextAsync();

        Sys.Stop(node);

        await run.Cancelled;
        await ExpectNextReportAsync(fence: 2);
    }

    [Fact]
    public async Task A_runner_that_drains_lets_its_steps_end_and_takes_no_more()
    {
        Order(fence: 1);
        var run = await _step.NextAsync();
        var drain = CreateTestProbe();
        _runner.Tell(new DrainSteps(AtOnce: false), drain);
        var other = TestJobs.NewOrder();
        _runner.Tell(new RunStep(other.Token(CloneStep.CreateDatabase, 1), other), TestActor);
        Assert.Equal(StepFault.WorkerLost, (await ExpectMsgAsync<StepReported>()).Fault!.Code);

        run.Finish();

        Assert.Null((await ExpectMsgAsync<StepReported>()).Fault);
        await drain.ExpectMsgAsync<StepsEnded>();
        Assert.Equal(1, _step.Started);
    }

    [Fact]
    public async Task A_step_that_is_stopped_by_the_drain_is_told_to_begin_elsewhere()
    {
        Order(fence: 1);
        var run = await _step.NextAsync();

        _runner.Tell(new DrainSteps(AtOnce: true), CreateTestProbe());

        await run.Cancelled;
        Assert.Equal(StepFault.WorkerLost, (await ExpectMsgAsync<StepReported>()).Fault!.Code);
    }

    [Fact]
    public async Task A_step_is_a_span_of_the_trace_that_its_order_names()
    {
        var spans = Channel.CreateUnbounded<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == ProvisioningModule.Telemetry,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span => spans.Writer.TryWrite(span),
        };
        ActivitySource.AddActivityListener(listener);
        _runner.Tell(new RunStep(Token(fence: 1), _order, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), TestActor);
        (await _step.NextAsync()).Finish(new StepFaultException(new StepFault("LOGIN_FAILED", "The password hunter2 is wrong.", "Give another.", Retryable: false)));
        await ExpectMsgAsync<StepReported>();

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        Activity span;
        do span = await spans.Reader.ReadAsync(patience.Token);
        while (!Equals(span.GetTagItem("clonehub.job"), _order.Job.Value));
        Assert.Equal(("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"), (span.TraceId.ToHexString(), span.ParentSpanId.ToHexString()));
        Assert.Equal((ActivityStatusCode.Error, "LOGIN_FAILED"), (span.Status, span.StatusDescription));
        Assert.DoesNotContain("hunter2", string.Join(' ', span.TagObjects), StringComparison.Ordinal);
    }

    /// <summary>Nothing was reported before this attempt: it begins only when all before it have ended, and reports come in order.</summary>
    private async Task ExpectNextReportAsync(long fence)
    {
        Order(fence);
        (await _step.NextAsync()).Finish();
        Assert.Equal(fence, (await ExpectMsgAsync<StepReported>()).Token.Fence);
    }

    private StepToken Token(long fence) => _order.Token(CloneStep.CreateDatabase, fence);

    private void Order(long fence) => _runner.Tell(new RunStep(Token(fence), _order), TestActor);

    /// <summary>A step whose every run is ended by the test.</summary>
    private sealed class ScriptedStep : ICloneStep
    {
        private readonly Channel<Run> _runs = Channel.CreateUnbounded<Run>();
        private int _started;

        public CloneStep Kind => CloneStep.CreateDatabase;

        public int Started => Volatile.Read(ref _started);

        public async Task<Run> NextAsync(bool ignoresCancellation = false)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            var run = await _runs.Reader.ReadAsync(patience.Token);
            run.IgnoresCancellation = ignoresCancellation;
            return run;
        }

        public async Task<StepFacts> RunAsync(
            StepToken token, CloneOrder order, IProgress<ContentProgress> progress, CancellationToken cancellation)
        {
            Interlocked.Increment(ref _started);
            var run = new Run(progress);
            await using var stopping = cancellation.Register(run.Cancel);
            await _runs.Writer.WriteAsync(run, CancellationToken.None);
            await run.Ended;
            return new StepFacts { Username = "found" };
        }
    }

    private sealed class Run(IProgress<ContentProgress> progress)
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IProgress<ContentProgress> Progress => progress;

        public bool IgnoresCancellation { get; set; }

        public Task Ended => _ended.Task;

        public Task Cancelled => _cancelled.Task.WaitAsync(TimeSpan.FromSeconds(10));

        public void Finish(Exception? fault = null)
        {
            if (fault is null) _ended.TrySetResult();
            else _ended.TrySetException(fault);
        }

        public void Cancel()
        {
            _cancelled.TrySetResult();
            if (!IgnoresCancellation) _ended.TrySetCanceled();
        }
    }
}
