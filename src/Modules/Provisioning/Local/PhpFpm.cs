using System.Collections.Concurrent;
using CloneHub.Contracts;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CloneHub.Provisioning.Local;

/// <summary>
/// One php-fpm master per clone. It is its own daemon, so that it outlives this program; a later run takes it over when it answers a
/// ping with the job's id and its master is alive.
/// </summary>
internal sealed partial class PhpFpm(LocalLayout layout, IOptions<LocalOptions> options, TimeProvider clock, ILogger<PhpFpm> logger)
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<JobId, SemaphoreSlim> _gates = [];

    /// <summary>PHP answers for this clone, if it should (<see cref="ClonePaths.ServeMark"/>).</summary>
    /// <returns>True if it did not and was started.</returns>
    public async Task<bool> EnsureAsync(JobId job, CancellationToken cancellation)
    {
        var paths = layout.Of(job);
        var isStarted = false;
        await AloneAsync(job, async () =>
        {
            if (!File.Exists(paths.ServeMark)) return;
            var config = PhpFpmConfig.Of(paths);
            if (await IsOursAsync(paths, config, cancellation)) return;
            await StopAsync(paths, cancellation);
            await StartAsync(paths, config, cancellation);
            isStarted = true;
        }, cancellation);
        return isStarted;
    }

    /// <summary>Fresh processes: what they had compiled or cached is forgotten.</summary>
    public Task RestartAsync(JobId job, CancellationToken cancellation)
    {
        var paths = layout.Of(job);
        return AloneAsync(job, async () =>
        {
            await StopAsync(paths, cancellation);
            await StartAsync(paths, PhpFpmConfig.Of(paths), cancellation);
        }, cancellation);
    }

    /// <summary>No process and no socket of the clone is left.</summary>
    public async Task RemoveAsync(JobId job, CancellationToken cancellation)
    {
        await AloneAsync(job, () => StopAsync(layout.Of(job), cancellation), cancellation);
        _gates.TryRemove(job, out _);
    }

    /// <summary>A cheap look that disturbs no worker: the master named by the pid file runs this clone's configuration, and is not stopped for good.</summary>
    public bool IsMasterAlive(JobId job)
    {
        var paths = layout.Of(job);
        return File.Exists(paths.Socket) && Posix.ProcessOf(paths.FpmPid, paths.FpmConfig) is { } master && !Posix.IsStopped(master);
    }

    /// <summary>Processes of a clone, masters and workers.</summary>
    public static IReadOnlyList<int> ProcessesOf(ClonePaths paths) =>
        [.. Posix.ProcessesWith("php-fpm: master process (" + paths.FpmConfig), .. Posix.ProcessesWith("php-fpm: pool " + paths.Job.Value)];

    private async Task<bool> IsOursAsync(ClonePaths paths, string config, CancellationToken cancellation)
    {
        // Workers survive a killed master and go on answering, without anybody to start new ones: the master must be there too.
        if (!IsMasterAlive(paths.Job) || await File.ReadAllTextAsync(paths.FpmConfig, cancellation) != config) return false;
        var answer = await FastCgi.PingAsync(paths.Socket, clock, cancellation);
        return answer == paths.Job.Value || answer == FastCgi.Busy;
    }

    private async Task StartAsync(ClonePaths paths, string config, CancellationToken cancellation)
    {
        await File.WriteAllTextAsync(paths.FpmConfig, config, cancellation);
        await File.WriteAllTextAsync(paths.NotCached, PhpFpmConfig.NotCached(paths), cancellation);

        // The command returns when the daemon listens, with its exit code.
        var defines = PhpFpmConfig.Defines(paths).SelectMany(define => new[] { "-d", define });
        await Posix.RunAsync(
            options.Value.PhpFpm, ["--daemonize", "--fpm-config", paths.FpmConfig, "--pid", paths.FpmPid, .. defines], cancellation);
        var answer = await FastCgi.PingAsync(paths.Socket, clock, cancellation);
        if (answer != paths.Job.Value) throw new IOException($"{paths.Job}: php-fpm was started and does not answer on {paths.Socket}.");
        Log.Started(logger, paths.Job);
    }

    private async Task StopAsync(ClonePaths paths, CancellationToken cancellation)
    {
        var processes = ProcessesOf(paths);
        foreach (var process in processes) Posix.Signal(process, Posix.Terminate);
        var deadline = clock.GetTimestamp();
        while (ProcessesOf(paths) is { Count: > 0 } left)
        {
            if (clock.GetElapsedTime(deadline) > Grace)
            {
                foreach (var process in left) Posix.Signal(process, Posix.Kill);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), clock, cancellation);
        }

        if (File.Exists(paths.Socket)) File.Delete(paths.Socket);
        if (File.Exists(paths.FpmPid)) File.Delete(paths.FpmPid);
        if (processes.Count > 0) Log.Stopped(logger, paths.Job, processes.Count);
    }

    private async Task AloneAsync(JobId job, Func<Task> work, CancellationToken cancellation)
    {
        var gate = _gates.GetOrAdd(job, _ => new SemaphoreSlim(1));
        await gate.WaitAsync(cancellation);
        try
        {
            using var machine = await MachineLock.TakeAsync(layout, job, clock, cancellation);
            await work();
        }
        finally
        {
            gate.Release();
        }
    }
}
