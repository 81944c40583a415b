using System.Diagnostics;
using System.Globalization;
using CloneHub.Dev.Servers;
using CloneHub.Jobs.Journal;
using StackExchange.Redis;

namespace CloneHub.Jobs.Tests.Journal;

/// <summary>
/// A Redis that writes every acknowledged change to the disk first, unlike the one that all tests share; the test may kill it, freeze it
/// and start it again over the same files.
/// </summary>
public sealed class RedisServer : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("clonehub-redis-").FullName;
    private readonly int _port = Ports.Free();
    private Process? _process;
    private int _prefixes;

    public string ConnectionString => $"127.0.0.1:{_port}";

    internal RedisOptions NewOptions() => new() { ConnectionString = ConnectionString, KeyPrefix = $"test{Interlocked.Increment(ref _prefixes)}:" };

    internal Task<IConnectionMultiplexer> ConnectAsync() => RedisConnection.ConnectAsync(ConnectionString);

    public Task InitializeAsync() => StartAsync();

    public async Task DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Returns once Redis says that it accepts connections.</summary>
    public async Task StartAsync()
    {
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        // The kernel kills Redis when the thread that started it ends, so this thread stays for as long as Redis runs; threads of the pool may not.
        new Thread(() => Run(ready)) { IsBackground = true, Name = "redis-server" }.Start();
        await ready.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    public async Task KillAsync()
    {
        if (_process is null || _process.HasExited) return;
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public Task FreezeAsync() => SignalAsync("STOP");

    public Task ThawAsync() => SignalAsync("CONT");

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", _process!.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    private void Run(TaskCompletionSource ready)
    {
        string[] arguments =
        [
            "--pdeathsig", "KILL", "redis-server", "--port", $"{_port}", "--bind", "127.0.0.1", "--dir", _folder, "--save", "",
            "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction",
        ];
        var process = Process.Start(new ProcessStartInfo("setpriv", arguments) { RedirectStandardOutput = true })!;
        _process = process;
        var output = new List<string>();
        while (process.StandardOutput.ReadLine() is { } line)
        {
            output.Add(line);
            if (line.Contains("Ready to accept connections", StringComparison.Ordinal)) ready.TrySetResult();
        }

        process.WaitForExit();
        ready.TrySetException(new InvalidOperationException($"redis-server ended before it was ready:\n{string.Join('\n', output)}"));
    }
}

/// <summary>One Redis for all tests that leave it alive; each has its own key prefix.</summary>
[CollectionDefinition(Name)]
public sealed class SharedRedis : ICollectionFixture<RedisServer>
{
    public const string Name = "redis";
}
