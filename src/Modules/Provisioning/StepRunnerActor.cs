using System.Diagnostics;
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
        ProvisioningTelemetry.Started(token);
        var progress = new ThrottledProgress(token, next.ReportTo, _clock);

        // The step is started on the thread pool: even its part before the first await must not hold up the mailbox.
        Task.Run(() => RunAsync(_steps[token.Step], next.Order, progress, stop.Token)).PipeTo(Self);
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

    private static void Report(Ended ended, IActorRef reportTo)
    {
        if (ended.Outcome is StepOutcome.Done or StepOutcome.Failed) reportTo.Tell(new StepReported(ended.Token, ended.Fault, ended.Facts));
    }

    /// <summary>Everything an attempt does and says happens inside its span and names its job.</summary>
    private async Task<Ended> RunAsync(ICloneStep step, RunStep order, ThrottledProgress progress, CancellationToken cancellation)
    {
        var token = order.Token;
        using var activity = ProvisioningTelemetry.StartStep(token, order.TraceParent);
        using var scope = Log.Of(_logger, token.Job);
        Log.Started(_logger, token.Job, token.Step, token.Attempt, token.Fence);
        var started = _clock.GetTimestamp();
        var (outcome, facts, cause) = await TryAsync(step, order, progress, cancellation);
        var ended = new Ended(token, outcome, facts, outcome is StepOutcome.Failed ? StepFaults.Of(cause!) : null, _clock.GetElapsedTime(started));
        activity?.SetTag("clonehub.outcome", outcome.ToString());
        if (ended.Fault is { } fault) activity?.SetStatus(ActivityStatusCode.Error, fault.Code).SetTag("error.type", fault.Code);
        LogEnd(ended, cause);
        return ended;
    }

    private static async Task<(StepOutcome Outcome, StepFacts Facts, Exception? Cause)> TryAsync(
        ICloneStep step, RunStep order, ThrottledProgress progress, CancellationToken cancellation)
    {
        try
        {
            return (StepOutcome.Done, await step.RunAsync(order.Token, order.Order, progress, cancellation), null);
        }
        catch (OvertakenException overtaken)
        {
            return (StepOutcome.Overtaken, StepFacts.None, overtaken);
        }
        catch (Exception stopped) when (cancellation.IsCancellationRequested)
        {
            // Whatever breaks while an attempt is being stopped is a consequence of stopping it.
            return (StepOutcome.Cancelled, StepFacts.None, stopped);
        }
        catch (Exception cause)
        {
            return (StepOutcome.Failed, StepFacts.None, cause);
        }
        finally
        {
            progress.Close();
        }
    }

    private void LogEnd(Ended ended, Exception? cause)
    {
        var token = ended.Token;
        if (ended.Outcome is StepOutcome.Done) Log.Done(_logger, token.Job, token.Step, ended.Elapsed);
        else if (ended.Fault is { } fault) Log.Failed(_logger, cause!, token.Job, token.Step, ended.Elapsed, fault.Code, fault.Retryable);
        else Log.Dropped(_logger, token.Job, token.Step, token.Fence, ended.Outcome);
    }

    private sealed record Waiting(RunStep Order, IActorRef ReportTo);

    private sealed record Running(StepToken Token, CancellationTokenSource Stop, IActorRef ReportTo, Waiting? Next);

    private sealed record Ended(StepToken Token, StepOutcome Outcome, StepFacts Facts, StepFault? Fault, TimeSpan Elapsed);
}
