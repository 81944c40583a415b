using CloneHub.Jobs.Journal;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CloneHub.Jobs.Archive;

/// <summary>
/// Bounds what may wait in Redis for the event log: a PostgreSQL that is away delays status and reports, but must not fill the store
/// that acceptance rests on.
/// </summary>
internal sealed partial class ArchiveGuard(JobStore store, ArchiveLag lag, TimeProvider clock, ILogger<ArchiveGuard> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>The look takes longer the more jobs live; it may take a small part of the time at most.</summary>
    private const int PausePerLook = 20;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = Interval;
        while (true)
        {
            await Task.Delay(pause, clock, stoppingToken);
            var begun = clock.GetTimestamp();
            try
            {
                var ping = await store.PingAsync();
                var load = await store.MeasureLoadAsync();
                lag.SetStored(load.UnarchivedEvents, load.MemoryRatio);
                JobsTelemetry.Measured(ping, load.LiveJobs, load.UnarchivedEvents, load.MemoryRatio);
            }
            catch (Exception e) when (RedisTrouble.Is(e) && !stoppingToken.IsCancellationRequested)
            {
                JobsTelemetry.CountRedisFailure();
                LogUnknown(logger, e);
            }

            var took = PausePerLook * clock.GetElapsedTime(begun);
            pause = took > Interval ? took : Interval;
        }
    }

    [LoggerMessage(1110, LogLevel.Debug, "The load of Redis could not be measured; the last figure stands.")]
    private static partial void LogUnknown(ILogger logger, Exception error);
}

/// <summary>
/// How much the journal holds that the event log does not: what decides whether more jobs may be accepted. What this node's archiver still
/// has to write is known at once; what Redis holds in all, that of earlier runs included, every few seconds.
/// </summary>
internal sealed class ArchiveLag(TimeProvider clock)
{
    /// <summary>About 100 MB of journal: an hour or two of requests without PostgreSQL.</summary>
    private const long MaxEvents = 100_000;
    private const double MaxMemoryRatio = 0.8;

    private const long Nothing = -1;

    private long _waiting;
    private long _since = Nothing;
    private long _stored;
    private double _memoryRatio;

    public bool IsTooLarge =>
        Interlocked.Read(ref _waiting) > MaxEvents || Interlocked.Read(ref _stored) > MaxEvents || Volatile.Read(ref _memoryRatio) > MaxMemoryRatio;

    /// <summary>Events that this node's archiver has still to write, without those it is writing.</summary>
    public long Waiting => Interlocked.Read(ref _waiting);

    /// <summary>How long the oldest of this node's events has waited, those that are being written included; zero if there is none.</summary>
    public TimeSpan Age => Interlocked.Read(ref _since) is >= 0 and var since ? clock.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>The archiver's clock: a timestamp, not a time of day.</summary>
    public long Now() => clock.GetTimestamp();

    /// <param name="since">When the oldest event came; null if none is left.</param>
    public void SetOldest(long? since) => Interlocked.Exchange(ref _since, since ?? Nothing);

    public void SetEvents(long events) => Interlocked.Exchange(ref _waiting, events);

    public void SetStored(long events, double memoryRatio)
    {
        Interlocked.Exchange(ref _stored, events);
        Volatile.Write(ref _memoryRatio, memoryRatio);
    }
}
