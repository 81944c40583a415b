using Akka.Actor;
using CloneHub.Contracts;
using CloneHub.Provisioning.Steps;
using Microsoft.Extensions.Logging;

namespace CloneHub.Provisioning;

/// <summary>
/// Does on this node what jobs order. One attempt per job at a time: a newer one cancels the older and begins when that has really ended.
/// </summary>
internal sealed partial class StepRunnerActor : ReceiveActor
{
    private readonly Dictionary<JobId, Running> _running = [];
    private readonly Dictionary<CloneStep, ICloneStep> _steps;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;

    public StepRunnerActor(IEnumerable<ICloneStep> steps, TimeProvider clock, ILogger<StepRunnerActor> logger)
    {
        _steps = steps.ToDictionary(step => step.Kind);
        _clock = clock;
        _logger = logger;

        Receive<RunStep>(Accept);
        Receive<CancelStep>(Cancel);
        Receive<Ended>(Finish);
    }

    protected override void PostStop()
    {
        foreach (var attempt in _running.Values) attempt.Stop.Cancel();
    }

    private void Accept(RunStep order)
    {
        if (!_running.TryGetValue(order.Job, out var current))
        {
            Start(new Waiting(order, Sender));
            return;
        }

        // A repeat of what runs or waits already, or an order that came late.
        if (order.Token.Fence <= (current.Next?.Order.Token.Fence ?? current.Token.Fence)) return;
        current.Stop.Cancel();
        _running[order.Job] = current with { Next = new Waiting(order, Sender) };
    }

    private void Cancel(CancelStep order)
    {
        if (!_running.TryGetValue(order.Job, out var current)) return;
        if (current.Token.Fence <= order.Token.Fence) current.Stop.Cancel();
        if (current.Next?.Order.Token.Fence <= order.Token.Fence) _running[order.Job] = current with { Next = null };
    }

    private void Start(Waiting next)
    {
        var token = next.Order.Token;
        var stop = new CancellationTokenSource();
        _running[token.Job] = new Running(token, stop, next.ReportTo, Next: null);
        Log.Started(_logger, token.Job, token.Step, token.Attempt, token.Fence);
        var progress = new ThrottledProgress(token, next.ReportTo, _clock);

        // The step is started on the thread pool: even its part before the first await must not hold up the mailbox.
        Task.Run(() => RunAsync(_steps[token.Step], next.Order, progress, _clock, stop.Token)).PipeTo(Self);
    }

    private void Finish(Ended ended)
    {
        var attempt = _running[ended.Token.Job];
        _running.Remove(ended.Token.Job);
        attempt.Stop.Dispose();
        ProvisioningTelemetry.Ended(ended.Token, ended.Outcome, ended.Elapsed);
        Report(ended, attempt.ReportTo);
        if (attempt.Next is { } next) Start(next);
    }

    private void Report(Ended ended, IActorRef reportTo)
    {
        var token = ended.Token;
        switch (ended.Outcome)
        {
            case StepOutcome.Done:
                Log.Done(_logger, token.Job, token.Step, ended.Elapsed);
                reportTo.Tell(new StepReported(token, Fault: null, ended.Facts));
                break;
            case StepOutcome.Failed:
                var fault = StepFaults.Of(ended.Cause!);
                Log.Failed(_logger, ended.Cause!, token.Job, token.Step, ended.Elapsed, fault.Code, fault.Retryable);
                reportTo.Tell(new StepReported(token, fault, StepFacts.None));
                break;
            default:
                Log.Dropped(_logger, token.Job, token.Step, token.Fence, ended.Outcome);
                break;
        }
    }

    private static async Task<Ended> RunAsync(
        ICloneStep step, RunStep order, ThrottledProgress progress, TimeProvider clock, CancellationToken cancellation)
    {
        using var activity = ProvisioningTelemetry.StartStep(order.Token);
        var started = clock.GetTimestamp();
        Ended As(StepOutcome outcome, StepFacts facts, Exception? cause)
        {
            activity?.SetTag("clonehub.outcome", outcome.ToString());
            return new Ended(order.Token, outcome, facts, cause, clock.GetElapsedTime(started));
        }

        try
        {
            return As(StepOutcome.Done, await step.RunAsync(order.Token, order.Order, progress, cancellation), cause: null);
        }
        catch (OvertakenException overtaken)
        {
            return As(StepOutcome.Overtaken, StepFacts.None, overtaken);
        }
        catch (Exception stopped) when (cancellation.IsCancellationRequested)
        {
            // Whatever breaks while an attempt is being stopped is a consequence of stopping it.
            return As(StepOutcome.Cancelled, StepFacts.None, stopped);
        }
        catch (Exception cause)
        {
            return As(StepOutcome.Failed, StepFacts.None, cause);
        }
        finally
        {
            progress.Close();
        }
    }

    private sealed record Waiting(RunStep Order, IActorRef ReportTo);

    private sealed record Running(StepToken Token, CancellationTokenSource Stop, IActorRef ReportTo, Waiting? Next);

    private sealed record Ended(StepToken Token, StepOutcome Outcome, StepFacts Facts, Exception? Cause, TimeSpan Elapsed);
}
