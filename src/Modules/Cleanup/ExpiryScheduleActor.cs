using Akka.Actor;
using CloneHub.Contracts;
using Microsoft.Extensions.Logging;

namespace CloneHub.Cleanup;

/// <summary>
/// Tells jobs that a deadline of theirs has passed, within a second. It keeps no list of its own: what is due is asked of the store that
/// survives restarts, and each job decides by its own clock what being due means. A job that was told and could not act stays due; it
/// holds up no other, because all that is due is told every time, a page after the other.
/// </summary>
internal sealed partial class ExpiryScheduleActor : ReceiveActor, IWithTimers
{
    internal const int Limit = 200;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly IJobDirectory _directory;
    private readonly IActorRef _jobs;
    private readonly CleanupDuty _duty;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;

    public ExpiryScheduleActor(IJobDirectory directory, IActorRef jobs, CleanupDuty duty, TimeProvider clock, ILogger<ExpiryScheduleActor> logger)
    {
        (_directory, _jobs, _duty, _clock, _logger) = (directory, jobs, duty, clock, logger);
        Receive<Look>(look => _directory.DueAsync(_clock.GetUtcNow(), look.Skip, Limit, CancellationToken.None)
            .PipeTo(Self, success: due => new Due(look.Skip, due), failure: e => new LookFailed(e)));
        Receive<Due>(due =>
        {
            foreach (var job in due.Jobs) _jobs.Tell(new ExpireJob(job));
            if (due.Jobs.Count < Limit) LookAgain();
            else Self.Tell(new Look(due.Skip + Limit));
        });
        Receive<LookFailed>(f =>
        {
            CleanupTelemetry.CountFailedLook();
            LogLookFailed(_logger, f.Error);
            LookAgain();
        });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        _duty.IsHere = true;
        LookAgain();
    }

    protected override void PostStop() => _duty.IsHere = false;

    private void LookAgain() => Timers.StartSingleTimer(nameof(Look), new Look(0), Interval);

    [LoggerMessage(3001, LogLevel.Warning, "Deadlines could not be read; they are looked at again in a second.")]
    private static partial void LogLookFailed(ILogger logger, Exception error);

    private sealed record Look(int Skip) : INoSerializationVerificationNeeded;

    private sealed record Due(int Skip, IReadOnlyList<JobId> Jobs) : INoSerializationVerificationNeeded;

    private sealed record LookFailed(Exception Error) : INoSerializationVerificationNeeded;
}
