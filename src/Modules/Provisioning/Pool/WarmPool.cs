using System.Security.Cryptography;
using CloneHub.Contracts;
using CloneHub.Provisioning.Database;
using Microsoft.Extensions.Logging;

namespace CloneHub.Provisioning.Pool;

/// <summary>
/// Brings the pool to its size, a look at a time. It counts rows and keeps nothing but what it is doing just now, so that another node may go on
/// where this one stopped: an instance that is not ready and that nobody here makes was left by somebody who is gone, and is removed.
/// </summary>
internal sealed partial class WarmPool(
    ICloneBackend backend, ICloneInventory inventory, CloneInstances instances, PoolRules rules, TimeProvider clock, ILogger<WarmPool> logger,
    IQueueGauge? queue = null) : IPoolWatch
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(2);
    private static readonly ParallelOptions AFewAtATime = new() { MaxDegreeOfParallelism = 4 };

    /// <summary>A queue that has just started, or moves to another node, is not known for some seconds.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan SilencePatience = TimeSpan.FromMinutes(1);

    private const string Unreadable = "The queue cannot be read, so the warm pool neither grows nor shrinks.";
    private const string Unseen = "The warm pool could not be looked after; the next look tries again.";
    private const string Unmade = "Instances for the warm pool cannot be made; clones are made without it.";

    private readonly Dictionary<JobId, Making> _making = [];
    private readonly Dictionary<JobId, long> _silent = [];
    private TimeSpan _pause = FirstPause;
    private long? _failedAt;
    private long? _silentSince;
    private volatile bool _isBlind;
    private volatile bool _cannotLook;
    private volatile bool _cannotMake;

    public string? Trouble => _isBlind ? Unreadable : _cannotLook ? Unseen : _cannotMake ? Unmade : null;

    /// <summary>Whether anything is being made at the moment.</summary>
    public bool IsMaking => _making.Values.Any(making => !making.Work.IsCompleted);

    /// <summary>One look. Returns before what it begins is made; what it removes is gone.</summary>
    public async Task LookAsync(CancellationToken cancellation)
    {
        // Unless it comes to its end.
        var cannotLook = true;
        try
        {
            await BringToSizeAsync(cancellation);
            cannotLook = false;
        }
        finally
        {
            _cannotLook = cannotLook && !cancellation.IsCancellationRequested;
        }
    }

    private async Task BringToSizeAsync(CancellationToken cancellation)
    {
        await CollectAsync();
        if (await ReadAsync(cancellation) is not { } reading) return;
        var recipe = backend.Recipe;
        var all = await instances.PoolAsync(recipe.Place, cancellation);
        var starting = all.Where(instance => !instance.IsReady && _making.ContainsKey(instance.Name)).ToList();
        var dead = Dead(all);
        var ready = all.Where(instance => instance.IsReady && instance.Recipe == recipe && !dead.Contains(instance.Name)).ToList();
        var useless = all.Where(instance => instance.IsReady ? instance.Recipe != recipe || dead.Contains(instance.Name) : !_making.ContainsKey(instance.Name)).ToList();
        var plan = PoolPlan.Of(rules, reading, ready.Count, starting.Count);
        ProvisioningTelemetry.Pooled(plan.Wanted, ready.Count, starting.Count);

        // What is not ready yet is missed least, then what is youngest: the oldest is claimed first.
        var spare = starting.AsEnumerable().Reverse().Concat(ready.AsEnumerable().Reverse()).Take(plan.Remove);
        await Parallel.ForEachAsync(useless.Concat(spare), AFewAtATime, async (instance, _) => await RemoveAsync(instance.Name, cancellation));
        if (plan.Make == 0 && _making.Count == 0) _cannotMake = false;
        for (var n = 0; n < plan.Make && !IsPausing; n++) await BeginAsync(recipe, cancellation);
    }

    /// <summary>Another node looks after the pool: what this one knew of it is old.</summary>
    public void Rest()
    {
        (_silentSince, _isBlind, _cannotLook, _cannotMake) = (null, false, false, false);
        _silent.Clear();
        ProvisioningTelemetry.Pooled(wanted: 0, ready: 0, starting: 0);
    }

    private bool IsPausing => _failedAt is { } at && clock.GetElapsedTime(at) < _pause;

    /// <summary>Null if nobody knows how the queue stands: the size is left as it is, and that is said until it is known again.</summary>
    private async Task<QueueReading?> ReadAsync(CancellationToken cancellation)
    {
        try
        {
            if (queue is null) throw new QueueUnreadableException("There is no queue on this node.");
            var reading = await queue.ReadAsync(cancellation);
            ProvisioningTelemetry.CountReading(isKnown: true);
            (_silentSince, _isBlind) = (null, false);
            return reading;
        }
        catch (QueueUnreadableException silent)
        {
            ProvisioningTelemetry.CountReading(isKnown: false);
            _silentSince ??= clock.GetTimestamp();
            if (clock.GetElapsedTime(_silentSince.Value) < Grace) return null;
            if (!_isBlind) Log.QueueUnreadable(logger, silent);
            _isBlind = true;
            return null;
        }
    }

    /// <summary>Those that were ready and have not served for a while. Not at once: a pod that is moved, or whose node starts again, comes back by itself.</summary>
    private HashSet<JobId> Dead(IReadOnlyList<WarmInstance> all)
    {
        var silent = all.Where(instance => instance.IsReady && !backend.Serves(instance.Name)).Select(instance => instance.Name).ToHashSet();
        foreach (var other in _silent.Keys.Except(silent).ToList()) _silent.Remove(other);
        foreach (var instance in silent) _silent.TryAdd(instance, clock.GetTimestamp());
        return [.. _silent.Where(since => clock.GetElapsedTime(since.Value) >= SilencePatience).Select(since => since.Key)];
    }

    private async Task BeginAsync(InstanceRecipe recipe, CancellationToken cancellation)
    {
        var instance = JobId.FromBytes(RandomNumberGenerator.GetBytes(16));
        await instances.AddAsync(instance, recipe, cancellation);
        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _making[instance] = new Making(Task.Run(() => MakeAsync(instance, stop.Token), CancellationToken.None), stop);
    }

    /// <returns>False if it failed by itself.</returns>
    private async Task<bool> MakeAsync(JobId instance, CancellationToken cancellation)
    {
        var started = clock.GetTimestamp();
        try
        {
            await backend.MakeInstanceAsync(instance, cancellation);
            if (await instances.OfferAsync(instance, cancellation)) Log.Made(logger, instance, clock.GetElapsedTime(started));
            return true;
        }
        catch (Exception) when (cancellation.IsCancellationRequested)
        {
            return true;
        }
        catch (Exception fault)
        {
            // Whatever it was: what there is of it goes with the next look, and nothing is made for a while.
            Log.NotMade(logger, fault, instance);
            return false;
        }
    }

    private async Task CollectAsync()
    {
        foreach (var (instance, making) in _making.Where(pair => pair.Value.Work.IsCompleted).ToList())
        {
            _making.Remove(instance);
            making.Stop.Dispose();
            if (await making.Work)
            {
                (_failedAt, _pause, _cannotMake) = (null, FirstPause, false);
                continue;
            }

            ProvisioningTelemetry.CountUnmade();
            _pause = _failedAt is null ? FirstPause : TimeSpan.FromTicks(Math.Min(_pause.Ticks * 2, LongestPause.Ticks));
            (_failedAt, _cannotMake) = (clock.GetTimestamp(), true);
        }
    }

    private async Task RemoveAsync(JobId instance, CancellationToken cancellation)
    {
        try
        {
            if (_making.TryGetValue(instance, out var making))
            {
                await making.Stop.CancelAsync();
                await making.Work;
            }

            await inventory.RemoveOrphanAsync(instance, cancellation);
            Log.Removed(logger, instance);
        }
        catch (OvertakenException)
        {
            // A job has claimed it meanwhile, which is what it is there for.
        }
        catch (Exception fault) when (!cancellation.IsCancellationRequested)
        {
            // It belongs to nobody any more; the sweep tries again.
            Log.NotRemoved(logger, fault, instance);
        }
    }

    private sealed record Making(Task<bool> Work, CancellationTokenSource Stop);

    private static partial class Log
    {
        [LoggerMessage(2401, LogLevel.Error, "The warm pool cannot read the queue; it neither grows nor shrinks")]
        public static partial void QueueUnreadable(ILogger logger, Exception silent);

        [LoggerMessage(2402, LogLevel.Debug, "{JobId}: a warm instance is ready after {Elapsed}")]
        public static partial void Made(ILogger logger, JobId jobId, TimeSpan elapsed);

        [LoggerMessage(2403, LogLevel.Warning, "{JobId}: this instance for the warm pool could not be made; it is removed")]
        public static partial void NotMade(ILogger logger, Exception fault, JobId jobId);

        [LoggerMessage(2404, LogLevel.Debug, "{JobId}: this warm instance is not wanted and was removed")]
        public static partial void Removed(ILogger logger, JobId jobId);

        [LoggerMessage(2405, LogLevel.Error, "{JobId}: this warm instance could not be removed; the sweep tries again")]
        public static partial void NotRemoved(ILogger logger, Exception fault, JobId jobId);
    }
}
