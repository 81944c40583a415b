using Akka.Actor;
using CloneHub.Contracts;
using Microsoft.Extensions.Logging;

namespace CloneHub.Cleanup;

/// <summary>
/// Tells jobs that a deadline of theirs has passed, within a second. It keeps no list of its own: what is due is asked of the store that
/// survives restarts, and each job decides by its own clock what being due means. A job that was told and could not act stays due.
/// </summary>
internal sealed partial class ExpiryScheduleActor : ReceiveActor, IWithTimers
{
    private const int Limit = 200;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly IJobDirectory _directory;
    private readonly IActorRef _jobs;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;

    public ExpiryScheduleActor(IJobDirectory directory, IActorRef jobs, TimeProvider clock, ILogger<ExpiryScheduleActor> logger)
    {
        (_directory, _jobs, _clock, _logger) = (directory, jobs, clock, logger);
        Receive<Look>(_ => _directory.DueAsync(_clock.GetUtcNow(), Limit, CancellationToken.None)
            .PipeTo(Self, success: due => new Due(due), failure: e => new LookFailed(e)));
        Receive<Due>(due =>
        {
            foreach (var job in due.Jobs) _jobs.Tell(new ExpireJob(job));
            LookAgain();
        });
        Receive<LookFailed>(f =>
        {
            LogLookFailed(_logger, f.Error);
            LookAgain();
        });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => LookAgain();

    private void LookAgain() => Timers.StartSingleTimer(nameof(Look), Look.Instance, Interval);

    [LoggerMessage(3001, LogLevel.Warning, "Deadlines could not be read; they are looked at again in a second.")]
    private static partial void LogLookFailed(ILogger logger, Exception error);

    internal sealed class Look : INoSerializationVerificationNeeded
    {
        public static readonly Look Instance = new();
    }

    private sealed record Due(IReadOnlyList<JobId> Jobs) : INoSerializationVerificationNeeded;

    private sealed record LookFailed(Exception Error) : INoSerializationVerificationNeeded;
}
