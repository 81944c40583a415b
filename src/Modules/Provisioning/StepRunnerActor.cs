using System.Diagnostics;
using Akka.Actor;
using CloneHub.Contracts;
using CloneHub.Provisioning.Steps;
using Microsoft.Extensions.Logging;

namespace CloneHub.Provisioning;

/// <summary>
/// Does on this node what jobs order. One attempt per job at a time: a newer one cancels the older and begins when that has really ended.
/// Orders and reports may be lost between nodes: an order that is repeated is answered by the report again, and what was ordered by a node
/// that is gone is stopped.
/// </summary>
internal sealed partial class StepRunnerActor : ReceiveActor
{
    /// <summary>Whoever ordered is told within seconds; this is for those that the report did not reach.</summary>
    private const int Remembered = 1_000;

    private readonly Dictionary<JobId, Running> _running = [];
    private readonly OrderedDictionary<JobId, (long Fence, StepReported? Report)> _ended = [];
    private readonly string _name;
    private readonly Dictionary<CloneStep, ICloneStep> _steps;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private IActorRef? _drainedBy;

    /// <param name="name">What <see cref="RunStep.Worker"/> calls this node since its last start.</param>
    public StepRunnerActor(string name, IEnumerable<ICloneStep> steps, TimeProvider clock, ILogger<StepRunnerActor> logger)
    {
        _name = name;
        _steps = steps.ToDictionary(step => step.Kind);
        _clock = clock;
        _logger = logger;

        Receive<RunStep>(Accept);
        Receive<CancelStep>(Cancel);
        Receive<Ended>(Finish);
        Receive<DrainSteps>(Drain);
        Receive<Terminated>(t => StopAll(t.ActorRef.Equals));
    }

    protected override void PostStop()
    {
        foreach (var attempt in _running.Values) attempt.Stop.Cancel();
    }

    private void Accept(RunStep order)
    {
        if (!order.IsFor(_name))
        {
            // For who had this address before. What it has done of the attempt is not known here; the job will be told that it is gone.
            Log.ForAnother(_logger, order.Job, order.Token.Step, order.Worker!);
            return;
        }

        if (_ended.TryGetValue(order.Job, out var ended) && order.Token.Fence <= ended.Fence)
        {
            if (order.Token.Fence == ended.Fence && ended.Report is not null) Sender.Tell(ended.Report);
            return;
        }

        if (_drainedBy is not null && !_running.ContainsKey(order.Job))
        {
            Sender.Tell(new StepReported(order.Token, StepFault.LostWorker, StepFacts.None));
            return;
        }

        Context.Watch(Sender);
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
        var report = ReportOf(ended);
        Remember(ended.Token, report);
        if (report is not null) attempt.ReportTo.Tell(report);
        if (attempt.Next is { } next) Start(next);
        else if (_running.Count == 0) _drainedBy?.Tell(new StepsEnded());
    }

    private StepReported? ReportOf(Ended ended) => ended.Outcome switch
    {
        StepOutcome.Done or StepOutcome.Failed => new StepReported(ended.Token, ended.Fault, ended.Facts),
        StepOutcome.Cancelled when _drainedBy is not null => new StepReported(ended.Token, StepFault.LostWorker, StepFacts.None),
        _ => null,
    };

    private void Remember(StepToken token, StepReported? report)
    {
        _ended.Remove(token.Job);
        _ended.Add(token.Job, (token.Fence, report));
        if (_ended.Count > Remembered) _ended.RemoveAt(0);
    }

    private void Drain(DrainSteps order)
    {
        _drainedBy = Sender;
        if (order.AtOnce) StopAll(_ => true);
        if (_running.Count == 0) Sender.Tell(new StepsEnded());
    }

    private void StopAll(Predicate<IActorRef> orderedBy)
    {
        foreach (var (job, attempt) in _running.ToList())
        {
            if (attempt.Next is { } next && orderedBy(next.ReportTo)) _running[job] = attempt with { Next = null };
            if (orderedBy(attempt.ReportTo)) attempt.Stop.Cancel();
        }
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
