using Akka.Actor;
using CloneHub.Contracts;
using CloneHub.Jobs.Journal;
using Microsoft.Extensions.Logging;

namespace CloneHub.Jobs;

/// <summary>
/// Wakes jobs: all live ones after a start, a page at a time so that their recoveries do not starve new requests; once a minute those that
/// have come since and that nobody may have woken, because the answer to their acceptance was lost; and in a moment those whose actor had
/// to stop because a store did not answer.
/// </summary>
internal sealed partial class LiveJobsActor : ReceiveActor, IWithTimers
{
    private const int PageSize = 100;
    private static readonly TimeSpan BetweenPages = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan BetweenRounds = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan BeforeRetry = TimeSpan.FromSeconds(2);

    private readonly JobStore _store;
    private readonly IActorRef _jobs;
    private readonly ILogger _logger;
    private readonly HashSet<JobId> _later = [];
    private LivePosition _position = LivePosition.Start;
    private HashSet<JobId> _seenBefore = [];
    private HashSet<JobId> _seen = [];
    private int _woken;

    public LiveJobsActor(JobStore store, IActorRef jobs, ILogger<LiveJobsActor> logger)
    {
        (_store, _jobs, _logger) = (store, jobs, logger);
        Receive<NextPage>(_ => _store.LiveAsync(_position, PageSize).PipeTo(Self, success: page => page, failure: e => new PageFailed(e)));
        Receive<LivePage>(Wake);
        Receive<PageFailed>(f =>
        {
            LogPageFailed(_logger, f.Error);
            Timers.StartSingleTimer(nameof(NextPage), NextPage.Instance, BeforeRetry);
        });
        Receive<WakeLater>(w =>
        {
            if (_later.Add(w.Job)) Timers.StartSingleTimer(w.Job, new WakeNow(w.Job), BeforeRetry);
        });
        Receive<WakeNow>(w =>
        {
            _later.Remove(w.Job);
            _jobs.Tell(new WakeJob(w.Job));
        });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => Self.Tell(NextPage.Instance);

    private void Wake(LivePage page)
    {
        foreach (var job in page.Jobs)
        {
            if (!_seen.Add(job) || _seenBefore.Contains(job)) continue;
            _jobs.Tell(new WakeJob(job));
            _woken++;
        }

        _position = page.Next;
        if (page.Jobs.Count > 0) Timers.StartSingleTimer(nameof(NextPage), NextPage.Instance, BetweenPages);
        else EndRound();
    }

    private void EndRound()
    {
        if (_woken > 0) LogWoken(_logger, _woken);
        (_seenBefore, _seen, _woken, _position) = (_seen, [], 0, LivePosition.Start);
        Timers.StartSingleTimer(nameof(NextPage), NextPage.Instance, BetweenRounds);
    }

    [LoggerMessage(1020, LogLevel.Information, "{Count} live jobs were woken.")]
    private static partial void LogWoken(ILogger logger, int count);

    [LoggerMessage(1021, LogLevel.Warning, "The index of live jobs could not be read; trying again.")]
    private static partial void LogPageFailed(ILogger logger, Exception error);

    private sealed record PageFailed(Exception Error) : INoSerializationVerificationNeeded;

    private sealed record WakeNow(JobId Job) : INoSerializationVerificationNeeded;

    private sealed class NextPage : INoSerializationVerificationNeeded
    {
        public static readonly NextPage Instance = new();
    }
}
