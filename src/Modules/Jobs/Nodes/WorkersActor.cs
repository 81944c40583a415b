using Akka.Actor;
using Akka.Cluster;
using CloneHub.Contracts;
using Microsoft.Extensions.Logging;

namespace CloneHub.Jobs.Nodes;

/// <summary>From a worker that stops in order: give it no more steps.</summary>
/// <param name="Worker">Its address in the cluster.</param>
internal sealed record WorkerDrains(string Worker) : IWireMessage;

/// <summary>
/// Passes this node's orders on to the step runners of all workers, and their reports back. A connection may lose either, so an order is
/// repeated until its report is there: a runner does one attempt once and tells its end as often as it is asked. A worker that is removed
/// from the cluster owes no report any more; its jobs are told that it is lost. The same attempt never goes to a second worker: one that
/// is only out of sight would not notice.
/// </summary>
internal sealed partial class WorkersActor : ReceiveActor, IWithTimers
{
    public const string Path = "workers";
    private static readonly TimeSpan BetweenRepeats = TimeSpan.FromSeconds(3);

    private readonly WorkerRoll _roll = new();
    private readonly Dictionary<JobId, Assignment> _assigned = [];
    private readonly Func<UniqueAddress, ICanTell> _runnerOf;
    private readonly ILogger _logger;

    public WorkersActor(Func<UniqueAddress, ICanTell> runnerOf, ILogger<WorkersActor> logger)
    {
        (_runnerOf, _logger) = (runnerOf, logger);
        Receive<RunStep>(Take);
        Receive<CancelStep>(Cancel);
        Receive<StepProgressed>(p => Current(p.Token)?.Job.Forward(p));
        Receive<StepReported>(Pass);
        Receive<Terminated>(t => Abandon(t.ActorRef));
        Receive<Repeat>(_ => OrderAgain());
        Receive<WorkerDrains>(d => _roll.Drains(d.Worker));
        Receive<ClusterEvent.MemberRemoved>(e => Lose(e.Member.UniqueAddress));
        Receive<ClusterEvent.UnreachableMember>(e => _roll.Hide(e.Member.UniqueAddress));
        Receive<ClusterEvent.ReachableMember>(e => _roll.Show(e.Member.UniqueAddress));
        Receive<ClusterEvent.IMemberEvent>(e =>
        {
            _roll.Note(e.Member);
            OrderAgain(onlyWaiting: true);
        });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        Cluster.Get(Context.System).Subscribe(
            Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent), typeof(ClusterEvent.IReachabilityEvent));
        Timers.StartPeriodicTimer(nameof(Repeat), Repeat.Instance, BetweenRepeats);
    }

    protected override void PostStop() => Cluster.Get(Context.System).Unsubscribe(Self);

    private void Take(RunStep order)
    {
        // A job whose actor stops or moves starts its step anew: this attempt is nobody's any more.
        Context.Watch(Sender);
        var before = _assigned.GetValueOrDefault(order.Job);
        if (!Order(_assigned[order.Job] = new Assignment(order, Sender, before?.Worker))) LogNoWorker(_logger, order.Job, order.Token.Step);
    }

    /// <summary>The worker that had the job before has it again, if it can: there the new attempt waits for the end of the old one.</summary>
    private bool Order(Assignment assignment)
    {
        var token = assignment.Order.Token;
        var worker = assignment.IsSent || _roll.IsFree(assignment.Worker) ? assignment.Worker : _roll.Next(_assigned.Values.Select(a => a.Worker), token.Job);
        if (worker is null) return false;
        if (assignment.Worker is { } before && !before.Equals(worker)) _runnerOf(before).Tell(new CancelStep(token with { Fence = token.Fence - 1 }), Self);
        _assigned[token.Job] = assignment with { Worker = worker, IsSent = true };
        _runnerOf(worker).Tell(assignment.Order, Self);
        return true;
    }

    private void OrderAgain(bool onlyWaiting = false)
    {
        foreach (var assignment in _assigned.Values.Where(a => !(onlyWaiting && a.IsSent)).ToList()) Order(assignment);
    }

    private void Cancel(CancelStep order)
    {
        if (Current(order.Token) is not { } assignment) return;
        Drop(assignment);
        if (assignment.Worker is { } worker) _runnerOf(worker).Tell(order, Self);
    }

    private void Pass(StepReported report)
    {
        if (Current(report.Token) is not { } assignment) return;
        Drop(assignment);
        assignment.Job.Forward(report);
    }

    private void Abandon(IActorRef job)
    {
        foreach (var assignment in _assigned.Values.Where(a => a.Job.Equals(job)).ToList()) Cancel(new CancelStep(assignment.Order.Token));
    }

    private void Lose(UniqueAddress worker)
    {
        _roll.Remove(worker);
        // This node goes itself: its jobs go on elsewhere.
        if (worker.Equals(Cluster.Get(Context.System).SelfUniqueAddress)) return;
        foreach (var assignment in _assigned.Values.Where(a => a.IsSent && worker.Equals(a.Worker)).ToList())
        {
            Drop(assignment);
            LogWorkerLost(_logger, assignment.Order.Job, assignment.Order.Token.Step, worker.Address.ToString());
            assignment.Job.Tell(new StepReported(assignment.Order.Token, StepFault.LostWorker, StepFacts.None));
        }
    }

    private void Drop(Assignment assignment) => _assigned.Remove(assignment.Order.Job);

    private Assignment? Current(StepToken token) => _assigned.TryGetValue(token.Job, out var assignment) && assignment.Order.Token == token ? assignment : null;

    [LoggerMessage(1200, LogLevel.Warning, "Job {JobId}: no worker takes step {Step} now; it waits for one.")]
    private static partial void LogNoWorker(ILogger logger, JobId jobId, CloneStep step);

    [LoggerMessage(1201, LogLevel.Warning, "Job {JobId}: worker {Worker} is gone with step {Step}.")]
    private static partial void LogWorkerLost(ILogger logger, JobId jobId, CloneStep step, string worker);

    /// <param name="Worker">Who has it, or had the attempt before it.</param>
    private sealed record Assignment(RunStep Order, IActorRef Job, UniqueAddress? Worker, bool IsSent = false);

    private sealed class Repeat : INoSerializationVerificationNeeded
    {
        public static readonly Repeat Instance = new();
    }
}
