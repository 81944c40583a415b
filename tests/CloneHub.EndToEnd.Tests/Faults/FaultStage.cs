using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using CloneHub.Dev;
using CloneHub.Dev.Host;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;
using CloneHub.Testing;
using MySqlConnector;
using Xunit;

namespace CloneHub.EndToEnd.Tests.Faults;

/// <summary>
/// A Host whose servers belong to nobody else, each behind a line that can be slow and on a disk that can be full, and one clone that serves
/// all the time. The source lives on the servers that all tests share: nothing happens to it.
/// </summary>
public sealed class FaultStage : IAsyncLifetime
{
    private static readonly IProgress<string> Nobody = new Progress<string>();

    private readonly List<IDisposable> _lines = [];
    private PrivateServers _servers = null!;
    private DirectoryInfo _folder = null!;

    internal SourceSiteFixture Source { get; } = new();

    internal HostProcess Host { get; private set; } = null!;

    internal CloneApi Api { get; private set; } = null!;

    internal IReadOnlyDictionary<string, Dependency> Dependencies { get; private set; } = null!;

    /// <summary>The clone that has been serving since before any fault.</summary>
    internal string Serving { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Assert.True(Environment.IsPrivilegedProcess, "These tests mount file systems: run them as root.");
        await Source.InitializeAsync();
        _folder = StateDirectory.Place(ServersFixture.StatePath(ServersFixture.Unique("faults")), Nobody);
        var disks = new Dictionary<string, SmallDisk>();
        foreach (var (name, megabytes) in new[] { ("redis", 48), ("postgresql", 256), ("mariadb", 400), ("host", 512) })
            disks[name] = await SmallDisk.MountAsync(_folder.CreateSubdirectory(name), megabytes);

        _servers = await PrivateServers.StartAsync(Options(), Nobody, CancellationToken.None);
        var core = await Source.Servers.CoreStoreAsync();
        await Command.RunAsync("cp", ["-a", core.FullName, Path.Combine(disks["host"].Folder.FullName, "cores")], CancellationToken.None);
        await StartHostAsync(disks);
        Serving = await Api.RequestAsync(Source.Site);
        await Api.WaitAsync(Serving, "completed");
    }

    public async Task DisposeAsync()
    {
        if (Host is not null) await Host.DisposeAsync();
        foreach (var line in _lines) line.Dispose();
        await _servers.StopAsync(CancellationToken.None);
        await Source.DisposeAsync();
    }

    /// <summary>What the Host has written about answers of 500, with the first lines of each cause.</summary>
    internal string LastWords()
    {
        var lines = Host.Output.Split('\n');
        return string.Join('\n', lines.Where((_, at) => lines[Math.Max(0, at - 6)..(at + 1)].Any(line => line.Contains("answered with 500", StringComparison.Ordinal))).TakeLast(40));
    }

    /// <summary>Asks for a clone of a site that does not exist, under a label and a key that are the same text.</summary>
    internal Task<HttpResponseMessage> RequestOfNothingAsync(string key)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri("api/v2/clone", UriKind.Relative))
        {
            Content = JsonContent.Create(new { source_url = "http://127.0.0.1:9/", source_username = "admin", source_password = "x", customer_id = key }),
            Headers = { { "Idempotency-Key", key } },
        };
        return Host.Client.SendAsync(request);
    }

    /// <summary>The home page of the clone that serves; 0 if nobody answers.</summary>
    internal async Task<int> VisitAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(3), TimeProvider.System);
        using var client = LoopbackHttp.CreateClient(new Uri($"http://{Serving}.localhost:{Host.Address.Port}/"));
        try
        {
            using var answer = await client.GetAsync(new Uri("/", UriKind.Relative), patience.Token);
            return (int)answer.StatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            // Frozen: no answer in time is an answer here.
            return 0;
        }
    }

    /// <summary>What the node says of itself: its status, and that of each check.</summary>
    internal async Task<(HttpStatusCode Code, string Status, IReadOnlyDictionary<string, string> Checks)> ReadinessAsync()
    {
        using var answer = await Host.Client.GetAsync(new Uri("health/ready", UriKind.Relative));
        var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        var checks = body.GetProperty("checks").EnumerateObject().ToDictionary(check => check.Name, check => check.Value.GetProperty("status").GetString()!);
        return (answer.StatusCode, body.GetProperty("status").GetString()!, checks);
    }

    private async Task StartHostAsync(Dictionary<string, SmallDisk> disks)
    {
        var (redis, postgreSql, mariaDb) = (_servers.Server(ServerKinds.Redis), _servers.Server(ServerKinds.PostgreSql), _servers.Server(ServerKinds.MariaDb));
        var toRedis = Line(new IPEndPoint(IPAddress.Loopback, 0), new IPEndPoint(IPAddress.Loopback, redis.Port));
        var toPostgreSql = Line(new IPEndPoint(IPAddress.Loopback, 0), new IPEndPoint(IPAddress.Loopback, postgreSql.Port));
        var socket = Path.Combine(_servers.Sockets.FullName, "slow.sock");
        var toMariaDb = Line(new UnixDomainSocketEndPoint(socket), new UnixDomainSocketEndPoint(_servers.MariaDbSocket));
        await Command.RunAsync("chmod", ["0777", socket], CancellationToken.None);

        var state = disks["host"].Folder.CreateSubdirectory("state");
        Host = await HostProcess.StartAsync(_servers, new DirectoryInfo(Path.Combine(disks["host"].Folder.FullName, "cores")), state, new Dictionary<string, string>
        {
            ["CloneHub__Slots"] = "3",
            ["CloneHub__RateLimit__ClonesPerMinute"] = "1000",
            ["CloneHub__Redis__ConnectionString"] = _servers.RedisConnectionString.Replace($":{redis.Port}", $":{toRedis.Port}", StringComparison.Ordinal),
            ["CloneHub__PostgreSql__ConnectionString"] =
                _servers.PostgreSqlConnectionString.Replace($"Port={postgreSql.Port}", $"Port={toPostgreSql.Port}", StringComparison.Ordinal),
            ["CloneHub__Local__MariaDb"] = new MySqlConnectionStringBuilder(_servers.MariaDbConnectionString) { Server = socket }.ConnectionString,
        });
        Api = new CloneApi(Host);
        var local = LocalClones.Folder(state);
        Dependencies = new Dictionary<string, Dependency>
        {
            ["redis"] = new ServerDependency(redis, disks["redis"], toRedis),
            ["postgresql"] = new ServerDependency(postgreSql, disks["postgresql"], toPostgreSql),
            ["mariadb"] = new ServerDependency(mariaDb, disks["mariadb"], toMariaDb),
            ["nginx"] = new HostedDependency(
                (id, command) => command.StartsWith("nginx: ", StringComparison.Ordinal) && ProcessTree.WorkingDirectoryOf(id)?.StartsWith(local, StringComparison.Ordinal) == true,
                () => Sockets("nginx.sock"), disks["host"]),
            ["php"] = new HostedDependency(
                (_, command) => command.StartsWith("php-fpm", StringComparison.Ordinal) && command.Contains(Serving, StringComparison.Ordinal),
                () => Sockets($"{Serving["job-".Length..]}.sock"), disks["host"]),
        };
    }

    private IEnumerable<string> Sockets(string name) => Directory.EnumerateFiles(_servers.Sockets.FullName, name, SearchOption.AllDirectories);

    private SlowLine Line(EndPoint near, EndPoint far)
    {
        var line = new SlowLine(near, far);
        _lines.Add(line);
        return line;
    }

    private PrivateServersOptions Options() => new()
    {
        StateDirectory = _folder.FullName,
        TemplateDirectory = Repository.Path("artifacts", "test-cache", "databases"),
        Durable = false,
        Leash = ServersFixture.Leash,
        RemoveAtEnd = true,
    };
}
