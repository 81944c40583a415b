using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using CloneHub.Dev;
using CloneHub.Dev.Host;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;

namespace CloneHub.Benchmarks;

/// <summary>What GET /queue tells.</summary>
internal sealed record QueueFigures(int Depth, int Building, int Clones);

/// <summary>
/// The release build of the Host on durable stores of its own, without a source, without MariaDB: nothing is cloned here. A step that is started finds its
/// back end away and is tried again for minutes, so what builds goes on building.
/// </summary>
internal sealed class ScaleStage : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(20);
    private readonly Leash _leash;
    private readonly int _port = Ports.Free();
    private readonly int _slots;
    private Daemon? _host;

    private ScaleStage(PrivateServers servers, Leash leash, int slots)
    {
        (Servers, _leash, _slots) = (servers, leash, slots);
        Client = LoopbackHttp.CreateClient(new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_port}/")));
        Client.Timeout = TimeSpan.FromSeconds(10);
    }

    public PrivateServers Servers { get; }

    public HttpClient Client { get; }

    public ProcessIdentity Host => _host!.Process;

    public string MasterKeyFile => Path.Combine(Servers.State.FullName, "master.key");

    public static async Task<ScaleStage> StartAsync(string name, int slots, CancellationToken ct)
    {
        var leash = new Leash();
        var options = new PrivateServersOptions
        {
            StateDirectory = Repository.Path(".clonehub", string.Create(CultureInfo.InvariantCulture, $"bench-{name}-{Environment.ProcessId}")),
            Wanted = ServerKinds.Redis | ServerKinds.PostgreSql,
            Leash = leash,
            RemoveAtEnd = true,
        };
        return new ScaleStage(await PrivateServers.StartAsync(options, new Progress<string>(Console.Error.WriteLine), ct), leash, slots);
    }

    public Task<JobSeeder> SeederAsync() => JobSeeder.OpenAsync(Servers.RedisConnectionString, Servers.PostgreSqlConnectionString, MasterKeyFile);

    /// <summary>Returns at once: how long it takes to be there is what is measured.</summary>
    public async Task LaunchAsync(CancellationToken ct)
    {
        var settings = HostSettings.For(Servers, Servers.State, Servers.State, _port);
        settings["CloneHub__Slots"] = _slots.ToString(CultureInfo.InvariantCulture);
        settings["CloneHub__RateLimit__ClonesPerMinute"] = "1000000";
        settings["CloneHub__Local__MariaDb"] = "Server=127.0.0.1;Port=9";
        var environment = Path.Combine(Servers.State.FullName, "environment");
        await Account.Self.WriteSecretAsync(environment, string.Concat(settings.Select(setting => $"export {setting.Key}='{setting.Value}'\n")), ct);
        string[] line = ["-c", ". \"$1\"; cd \"$2\"; exec dotnet \"$3\"", "sh", environment, Servers.State.FullName, HostSettings.Program()];
        _host = Daemon.Start(new DaemonSpec("host", "sh", line), Servers.State, _leash);
    }

    public Task EndAsync(string signal, CancellationToken ct) => _host!.Process.EndAsync(signal, TimeSpan.FromSeconds(30), ct);

    /// <returns>Seconds until the first 202 and how many calls were answered otherwise before it.</returns>
    public async Task<double> UntilAcceptedAsync(long since, CancellationToken ct)
    {
        await UntilAsync("a request is accepted", async () => await AcceptAsync(ct) is not null, ct);
        return Seconds(since);
    }

    /// <returns>Null if it was not accepted.</returns>
    public async Task<double?> AcceptAsync(CancellationToken ct)
    {
        var started = TimeProvider.System.GetTimestamp();
        try
        {
            using var body = JsonContent.Create(new { source_url = "http://127.0.0.1:9/", source_username = "admin", source_password = "correct horse" });
            using var answer = await Client.PostAsync(new Uri("api/v2/clone", UriKind.Relative), body, ct);
            return answer.StatusCode is System.Net.HttpStatusCode.Accepted ? Seconds(started) : null;
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !ct.IsCancellationRequested))
        {
            // It is not there yet.
            return null;
        }
    }

    /// <summary>The queue knows so many jobs: each was recovered and has told what it wants or holds.</summary>
    public async Task<(double Seconds, QueueFigures Queue)> UntilAllAwakeAsync(int jobs, long since, CancellationToken ct)
    {
        QueueFigures? figures = null;
        await UntilAsync("every job is awake", async () => (figures = await QueueAsync(ct)) is { } queue && queue.Depth + queue.Clones >= jobs, ct);
        return (Seconds(since), figures!);
    }

    /// <summary>Resident memory, and the managed heap after the last collection, in bytes.</summary>
    public async Task<(long Resident, long Heap)> MemoryAsync(CancellationToken ct)
    {
        var figures = await Client.GetStringAsync(new Uri("metrics", UriKind.Relative), ct);
        var heap = figures.Split('\n').Where(line => line.StartsWith("dotnet_gc_last_collection_heap_size", StringComparison.Ordinal))
            .Sum(line => double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture));
        return (Machine.Memory(Host.Pid), (long)heap);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (_host is not null) await EndAsync("TERM", CancellationToken.None);
        await Servers.StopAsync(CancellationToken.None);
        _leash.Dispose();
    }

    private async Task<QueueFigures?> QueueAsync(CancellationToken ct)
    {
        try
        {
            using var answer = await Client.GetAsync(new Uri("queue", UriKind.Relative), ct);
            return answer.IsSuccessStatusCode ? await answer.Content.ReadFromJsonAsync<QueueFigures>(JsonSerializerOptions.Web, ct) : null;
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !ct.IsCancellationRequested))
        {
            return null;
        }
    }

    private async Task UntilAsync(string what, Func<Task<bool>> condition, CancellationToken ct)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (_host is { IsAlive: false } host) throw new SetUpException($"The Host has ended. The end of {host.LogFile}:\n{host.LastWords()}");
            if (TimeProvider.System.GetElapsedTime(started) > Patience) throw new TimeoutException($"Awaited in vain: {what}.");
            await Task.Delay(BetweenLooks, TimeProvider.System, ct);
        }
    }

    private static double Seconds(long since) => TimeProvider.System.GetElapsedTime(since).TotalSeconds;
}
