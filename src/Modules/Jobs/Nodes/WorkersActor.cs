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
/// repeated until its report is there: a runner does one attempt once and tells its end as often as it is asked. A step goes to the worker
/// that its job has a slot on, or, where it needs none, to the freest. A worker that drains, or was removed from the cluster, owes no report;
/// its jobs are told that it is lost. The same attempt never goes to a second worker: one that is only out of sight would not notice.
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
        Receive<Repeat>(_ => OnRepeat());
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
        var assignment = _assigned[order.Job] = new Assignment(order, Sender, _assigned.GetValueOrDefault(order.Job)?.Worker);
        if (SlotOf(order) is { } name && _roll.Find(name) is { } worker && _roll.Goes(worker)) Lose(assignment);
        else if (!Order(assignment)) LogNoWorker(_logger, order.Job, order.Token.Step);
    }

    private bool Order(Assignment assignment)
    {
        var token = assignment.Order.Token;
        var worker = assignment.IsSent ? assignment.Worker : FreeFor(assignment);
        if (worker is null) return false;
        if (assignment.Worker is { } before && !before.Equals(worker)) _runnerOf(before).Tell(new CancelStep(token with { Fence = token.Fence - 1 }), Self);
        _assigned[token.Job] = assignment with { Worker = worker, IsSent = true };
        // An order finds its worker by an address, at which another one may have started meanwhile: it names who is meant.
        _runnerOf(worker).Tell(assignment.Order with { Worker = WorkerName.Of(worker) }, Self);
        return true;
    }

    /// <summary>The worker of the job's slot. Without one that which had the job before, if it can: there the new attempt waits for the end of the old one.</summary>
    private UniqueAddress? FreeFor(Assignment assignment)
    {
        if (SlotOf(assignment.Order) is { } name) return _roll.Find(name) is { } worker && _roll.IsFree(worker) ? worker : null;
        return _roll.IsFree(assignment.Worker) ? assignment.Worker : _roll.Next(_assigned.Values.Select(a => a.Worker), assignment.Order.Job);
    }

    private void OrderAgain(bool onlyWaiting = false)
    {
        foreach (var assignment in _assigned.Values.Where(a => !(onlyWaiting && a.IsSent)).ToList()) Order(assignment);
    }

    private void OnRepeat()
    {
        // The queue may know a worker before this node does. One that is not there after a while either was gone before its slot was given.
        foreach (var assignment in _assigned.Values.Where(a => !a.IsSent && SlotOf(a.Order) is { } name && (_roll.Find(name) is not { } worker || _roll.Goes(worker))).ToList())
        {
            if (assignment.IsOverdue) Lose(assignment);
            else _assigned[assignment.Order.Job] = assignment with { IsOverdue = true };
        }

        OrderAgain();
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
        foreach (var assignment in _assigned.Values.Where(a => a.IsSent && worker.Equals(a.Worker)).ToList()) Lose(assignment);
    }

    private void Lose(Assignment assignment)
    {
        Drop(assignment);
        LogWorkerLost(_logger, assignment.Order.Job, assignment.Order.Token.Step, assignment.Order.Worker ?? assignment.Worker!.Address.ToString());
        assignment.Job.Tell(new StepReported(assignment.Order.Token, StepFault.LostWorker, StepFacts.None));
    }

    private static string? SlotOf(RunStep order) => order.Worker is { } name && WorkerName.IsOne(name) ? name : null;

    private void Drop(Assignment assignment) => _assigned.Remove(assignment.Order.Job);

    private Assignment? Current(StepToken token) => _assigned.TryGetValue(token.Job, out var assignment) && assignment.Order.Token == token ? assignment : null;

    [LoggerMessage(1200, LogLevel.Warning, "Job {JobId}: no worker takes step {Step} now; it waits for one.")]
    private static partial void LogNoWorker(ILogger logger, JobId jobId, CloneStep step);

    [LoggerMessage(1201, LogLevel.Warning, "Job {JobId}: worker {Worker} is gone, or goes, with step {Step}.")]
    private static partial void LogWorkerLost(ILogger logger, JobId jobId, CloneStep step, string worker);

    /// <param name="Worker">Who has it, or had the attempt before it.</param>
    /// <param name="IsOverdue">It has waited for a worker that nobody has heard of for one look already.</param>
    private sealed record Assignment(RunStep Order, IActorRef Job, UniqueAddress? Worker, bool IsSent = false, bool IsOverdue = false);

    private sealed class Repeat : INoSerializationVerificationNeeded
    {
        public static readonly Repeat Instance = new();
    }
}
