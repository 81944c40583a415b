using System.Globalization;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;
using CloneHub.Testing;

namespace CloneHub.EndToEnd.Tests.Faults;

/// <summary>Something CloneHub works with, and what can be done to it.</summary>
internal abstract class Dependency(SmallDisk disk)
{
    public Task KillAsync() => SignalAsync("KILL");

    public Task TerminateAsync() => SignalAsync("TERM");

    public Task FreezeAsync() => SignalAsync("STOP");

    public Task ThawAsync() => SignalAsync("CONT");

    public Task FillAsync() => disk.FillAsync();

    public void Free() => disk.Free();

    public abstract Task EndAsync();

    /// <summary>What a supervisor of the machine does: starts what should run and does not.</summary>
    public abstract Task StartAsync();

    /// <summary>Slow from now on, until the answer is disposed of.</summary>
    public abstract IDisposable Slow();

    protected abstract IReadOnlyList<int> Processes();

    protected async Task SignalAsync(string signal)
    {
        var processes = Processes().Select(id => id.ToString(CultureInfo.InvariantCulture)).ToList();
        if (processes.Count > 0) await Command.TryRunAsync("kill", [$"-{signal}", .. processes], new CommandSettings(), CancellationToken.None);
    }
}

/// <summary>A server of our own behind a line that can be slow.</summary>
internal sealed class ServerDependency(PrivateServer server, SmallDisk disk, SlowLine line) : Dependency(disk)
{
    private static readonly TimeSpan Lag = TimeSpan.FromMilliseconds(60);

    public override Task EndAsync() => server.EndAsync(CancellationToken.None);

    public override Task StartAsync() => server.StartAsync(ServersFixture.Leash, CancellationToken.None);

    public override IDisposable Slow()
    {
        line.Delay = Lag;
        return new Undo(() => line.Delay = TimeSpan.Zero);
    }

    protected override IReadOnlyList<int> Processes() => server.Process is { } process ? ProcessTree.Of(process.Pid) : [];
}

/// <summary>What the Host itself starts, watches and replaces: nobody else does.</summary>
internal sealed class HostedDependency(Func<int, string, bool> isOne, Func<IEnumerable<string>> sockets, SmallDisk disk) : Dependency(disk)
{
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(80);

    /// <summary>The door is gone while everybody is at home.</summary>
    public override Task EndAsync()
    {
        foreach (var socket in sockets()) File.Delete(socket);
        return Task.CompletedTask;
    }

    public override Task StartAsync() => Task.CompletedTask;

    public override IDisposable Slow()
    {
        var stop = new CancellationTokenSource();
        var stutter = StutterAsync(stop.Token);
        return new Undo(() =>
        {
            stop.Cancel();
            _ = stutter.ContinueWith(_ => ThawAsync(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        });
    }

    protected override IReadOnlyList<int> Processes() => [.. ProcessTree.All().Where(process => isOne(process.Id, process.Command)).Select(process => process.Id)];

    private async Task StutterAsync(CancellationToken stop)
    {
        using var beat = new PeriodicTimer(Slice, TimeProvider.System);
        for (var isFrozen = false; !stop.IsCancellationRequested; isFrozen = !isFrozen)
        {
            await (isFrozen ? ThawAsync() : FreezeAsync());
            await beat.WaitForNextTickAsync(CancellationToken.None);
        }
    }
}

internal sealed class Undo(Action action) : IDisposable
{
    public void Dispose() => action();
}
