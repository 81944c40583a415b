using System.Globalization;
using System.Security.Cryptography;
using CloneHub.Dev;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;
using CloneHub.Dev.WordPress;
using MySqlConnector;
using Xunit;

namespace CloneHub.Testing;

/// <summary>
/// PostgreSQL, Redis and MariaDB for the tests of this process. All fixtures of a process share one set; it ends with the process,
/// also when that is killed.
/// </summary>
public sealed class ServersFixture : IAsyncLifetime
{
    private const string StateVariable = "CLONEHUB_TEST_STATE";
    private const int RedisDatabases = 256;
    private static readonly IProgress<string> Silence = new Silent();
    private static readonly Lazy<Task<PrivateServers>> Shared = new(StartAsync);
    private static readonly Lazy<Task<DatabaseServer>> SharedMySql = new(StartMySqlAsync);
    private static int _redisDatabase;

    /// <summary>Ends whatever is put on it together with the test process.</summary>
    public static Leash Leash { get; } = new();

    public PrivateServers Servers { get; private set; } = null!;

    public string PostgreSql => Servers.PostgreSqlConnectionString;

    public string Redis => Servers.RedisConnectionString;

    /// <summary>Administrator of MariaDB, through the unix socket.</summary>
    public string MariaDb => Servers.MariaDbConnectionString;

    /// <summary>A folder that goes with the test process. The accounts of the services can reach it.</summary>
    public DirectoryInfo NewFolder() => Servers.State.CreateSubdirectory($"tests/{Unique("f")}");

    public async Task InitializeAsync() => Servers = await Shared.Value;

    public Task DisposeAsync() => Task.CompletedTask;

    /// <summary>Makes an empty PostgreSQL database and answers its connection string.</summary>
    public async Task<string> NewPostgreSqlDatabaseAsync()
    {
        var name = Unique("t");
        await Servers.QueryPostgreSqlAsync("postgres", $"CREATE DATABASE {name}", CancellationToken.None);
        return Servers.PostgreSql(name);
    }

    /// <summary>Connection string of a Redis database that no other test of this process uses.</summary>
    public string NewRedisDatabase()
    {
        var number = Interlocked.Increment(ref _redisDatabase);
        return number < RedisDatabases
            ? string.Create(CultureInfo.InvariantCulture, $"{Redis},defaultDatabase={number}")
            : throw new InvalidOperationException($"One test process has only {RedisDatabases} Redis databases; use NewRedisPrefix.");
    }

    public string NewRedisPrefix() => $"{Unique("p")}:";

    /// <summary>Makes an empty MariaDB database and answers the administrator's connection string to it.</summary>
    public async Task<string> NewMariaDbDatabaseAsync()
    {
        var name = Unique("t");
        await using var connection = new MySqlConnection(MariaDb);
        await connection.OpenAsync();
        await using var command = new MySqlCommand($"CREATE DATABASE {name} CHARACTER SET utf8mb4", connection);
        await command.ExecuteNonQueryAsync();
        return new MySqlConnectionStringBuilder(MariaDb) { Database = name }.ConnectionString;
    }

    /// <summary>A MySQL of the newest version that Debian has, fetched from its archive once, and started when it is first asked for.</summary>
    public static Task<DatabaseServer> MySqlAsync() => SharedMySql.Value;

    /// <summary>The folder that holds unpacked WordPress cores as VERSION/; fetched from the Debian archive once.</summary>
    public async Task<DirectoryInfo> CoreStoreAsync() => (await CoreAsync()).Parent!;

    public async Task<DirectoryInfo> CoreAsync()
    {
        var kept = await WordPressCore.EnsureAsync(Cache("wordpress"), Silence, CancellationToken.None);
        return IsStateElsewhere ? await BesideStateAsync(kept) : kept;
    }

    /// <summary>Clones link the files of a core, which cannot be done from one file system to another.</summary>
    private static async Task<DirectoryInfo> BesideStateAsync(DirectoryInfo kept)
    {
        var core = new DirectoryInfo(StatePath(Path.Combine("wordpress", kept.Name)));
        core.Parent!.Create();
        using (await FolderLock.AcquireAsync(core, CancellationToken.None))
        {
            core.Refresh();
            if (core.Exists) return core;
            await Command.RunAsync("cp", ["-a", kept.FullName, $"{core.FullName}.new"], CancellationToken.None);
            Directory.Move($"{core.FullName}.new", core.FullName);
            return core;
        }
    }

    /// <summary>Starts a site to clone from; the caller disposes of it.</summary>
    public async Task<SourceSite> StartSiteAsync(SourceSiteOptions? options = null) =>
        await SourceSite.StartAsync(
            Servers, await CoreAsync(), Cache("sites"), options ?? new SourceSiteOptions { Name = Unique("s") }, Silence, CancellationToken.None);

    /// <summary>A name that is unique in this process and fits databases, folders and sites.</summary>
    public static string Unique(string prefix) => $"{prefix}{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5))}";

    /// <summary>Where a test keeps what ends with it: in the folder that <c>CLONEHUB_TEST_STATE</c> names, or below the repository.</summary>
    public static string StatePath(string name) =>
        Path.Combine(IsStateElsewhere ? Environment.GetEnvironmentVariable(StateVariable)! : Repository.Path("artifacts", "test-state"), name);

    private static bool IsStateElsewhere => Environment.GetEnvironmentVariable(StateVariable) is { Length: > 0 };

    private static DirectoryInfo Cache(string name) => StateDirectory.Place(Repository.Path("artifacts", "test-cache", name), Silence);

    private static async Task<PrivateServers> StartAsync() => await PrivateServers.StartAsync(
        new PrivateServersOptions
        {
            StateDirectory = StatePath(Unique("run")),
            TemplateDirectory = Cache("databases").FullName,
            Durable = false,
            Leash = Leash,
            RemoveAtEnd = true,
        },
        Silence,
        CancellationToken.None);

    private static async Task<DatabaseServer> StartMySqlAsync()
    {
        var servers = await Shared.Value;
        var program = await MySqlProgram.EnsureAsync(Cache("mysql"), Silence, CancellationToken.None);
        var server = new MySqlServer(program, servers.State.CreateSubdirectory("mysql"), servers.Sockets, new ServerSettings(Durable: false));
        await server.PrepareAsync(CancellationToken.None);
        await server.StartAsync(Leash, CancellationToken.None);
        return new DatabaseServer(server.ConnectionString, server.Socket);
    }

    private sealed class Silent : IProgress<string>
    {
        public void Report(string value)
        {
        }
    }
}
