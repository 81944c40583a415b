using System.Globalization;
using CloneHub.Dev;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;
using Npgsql;
using StackExchange.Redis;

namespace CloneHub.Benchmarks.Engine;

/// <summary>The two stores that all share, one contender at a time, and what runs beside them.</summary>
internal sealed class EngineStage : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Leash _leash;
    private readonly List<Daemon> _running = [];

    private EngineStage(PrivateServers servers, Leash leash) => (Servers, _leash) = (servers, leash);

    public PrivateServers Servers { get; }

    public PrivateServer Redis => Servers.Server(ServerKinds.Redis);

    public PrivateServer PostgreSql => Servers.Server(ServerKinds.PostgreSql);

    public DirectoryInfo Folder => Servers.State;

    public HttpClient Client { get; } = new() { Timeout = TimeSpan.FromSeconds(10) };

    /// <summary>What was started, and the stores.</summary>
    public IEnumerable<int> Processes => [.. _running.Select(daemon => daemon.Process.Pid), Redis.Process!.Pid, PostgreSql.Process!.Pid];

    private string Administrator => $"{Servers.RedisConnectionString},allowAdmin=true";

    public int LastProcess => _running[^1].Process.Pid;

    public static async Task<EngineStage> StartAsync(CancellationToken ct)
    {
        var leash = new Leash();
        var options = new PrivateServersOptions
        {
            StateDirectory = Repository.Path(".clonehub", string.Create(CultureInfo.InvariantCulture, $"bench-engine-{Environment.ProcessId}")),
            Wanted = ServerKinds.Redis | ServerKinds.PostgreSql,
            Leash = leash,
            RemoveAtEnd = true,
        };
        return new EngineStage(await PrivateServers.StartAsync(options, new Progress<string>(Console.Error.WriteLine), ct), leash);
    }

    /// <summary>What the stores themselves say; nothing is measured on stores that do not write to disk before they answer.</summary>
    public async Task<string> RequireDurabilityAsync(CancellationToken ct)
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync(Administrator);
        var told = new List<string>();
        foreach (var (name, value) in new[] { ("appendonly", "yes"), ("appendfsync", "always"), ("no-appendfsync-on-rewrite", "no") })
            Told("Redis", name, ((RedisResult[])(await redis.GetDatabase().ExecuteAsync("CONFIG", "GET", name))!)[1].ToString(), value);
        foreach (var (name, value) in new[] { ("fsync", "on"), ("synchronous_commit", "on"), ("full_page_writes", "on") })
            Told("PostgreSQL", name, (await Servers.QueryPostgreSqlAsync("clonehub", $"SHOW {name}", ct)).Trim(), value);
        return string.Join(", ", told);

        void Told(string server, string name, string actual, string wanted)
        {
            if (actual != wanted) throw new SetUpException($"{server} has {name}={actual}, not {wanted}: nothing can be compared.");
            told.Add($"{server} {name} {actual}");
        }
    }

    /// <summary>Both stores as new.</summary>
    public async Task ResetAsync(CancellationToken ct)
    {
        await using (var redis = await ConnectionMultiplexer.ConnectAsync(Administrator)) await redis.GetServers()[0].FlushAllDatabasesAsync();
        NpgsqlConnection.ClearAllPools();
        foreach (var sql in (string[])["DROP DATABASE IF EXISTS clonehub WITH (FORCE)", "CREATE DATABASE clonehub", "CHECKPOINT"]) await Servers.QueryPostgreSqlAsync("postgres", sql, ct);
    }

    public async Task RunAsync(string name, string folder, IReadOnlyDictionary<string, string> settings, IReadOnlyList<string> program, CancellationToken ct)
    {
        var environment = Path.Combine(Folder.FullName, $"{name}.environment");
        await Account.Self.WriteSecretAsync(environment, string.Concat(settings.Select(setting => $"export {setting.Key}='{setting.Value}'\n")), ct);
        string[] line = ["-c", ". \"$1\"; cd \"$2\"; shift 2; exec \"$@\"", "sh", environment, folder, .. program];
        _running.Add(Daemon.Start(new DaemonSpec(name, "sh", line), Folder, _leash));
    }

    public DirectoryInfo NewFolder(string name) => Folder.CreateSubdirectory(string.Create(CultureInfo.InvariantCulture, $"{name}-{Guid.NewGuid():N}"));

    public async Task UntilAsync(Func<Task<bool>> condition, CancellationToken ct)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                if (await condition()) return;
            }
            catch (HttpRequestException)
            {
                // It is not there yet.
            }

            if (_running.Find(daemon => !daemon.IsAlive) is { } dead) throw new SetUpException($"It has ended. The end of {dead.LogFile}:\n{dead.LastWords()}");
            if (TimeProvider.System.GetElapsedTime(started) > Patience) throw new TimeoutException($"Nothing came of it. {string.Join('\n', _running.Select(daemon => daemon.LastWords()))}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, ct);
        }
    }

    /// <summary>Ends what was started, and what that has started.</summary>
    public async Task EndAsync(string signal, CancellationToken ct)
    {
        var tree = ProcessTree.Of(_running.Select(daemon => daemon.Process.Pid)).Select(ProcessIdentity.Of).OfType<ProcessIdentity>().ToList();
        await Task.WhenAll(_running.Select(daemon => daemon.Process.EndAsync(signal, TimeSpan.FromSeconds(5), ct)));
        await Task.WhenAll(tree.Where(process => process.IsAlive).Select(process => process.EndAsync("KILL", TimeSpan.FromSeconds(5), ct)));
        _running.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await EndAsync("TERM", CancellationToken.None);
        await Servers.StopAsync(CancellationToken.None);
        _leash.Dispose();
    }
}
