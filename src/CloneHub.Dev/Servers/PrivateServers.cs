using CloneHub.Dev.Processes;

namespace CloneHub.Dev.Servers;

[Flags]
public enum ServerKinds
{
    None = 0,
    PostgreSql = 1,
    Redis = 2,
    MariaDb = 4,
    All = PostgreSql | Redis | MariaDb,
}

public sealed record PrivateServersOptions
{
    /// <summary>Where data, ports, passwords and logs are kept. A later start with the same folder finds all of them again.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>Which servers to start; the others are somebody else's.</summary>
    public ServerKinds Wanted { get; init; } = ServerKinds.All;

    /// <summary>A folder with databases initialised once, to be copied instead of made anew; filled if it is empty.</summary>
    public string? TemplateDirectory { get; init; }

    /// <summary>False for tests: data then survive the end of a process but not a loss of power. Redis is always durable.</summary>
    public bool Durable { get; init; } = true;

    /// <summary>Ends the servers together with this process.</summary>
    public Leash? Leash { get; init; }

    /// <summary>The leash also removes their files.</summary>
    public bool RemoveAtEnd { get; init; }
}

/// <summary>PostgreSQL, Redis and MariaDB of one's own on free ports of the loopback interface.</summary>
public sealed class PrivateServers
{
    private readonly PrivateServersOptions _options;
    private readonly PostgreSqlServer _postgreSql;
    private readonly RedisServer _redis;
    private readonly MariaDbServer _mariaDb;

    private PrivateServers(PrivateServersOptions options, DirectoryInfo state, DirectoryInfo sockets)
    {
        _options = options;
        State = state;
        Sockets = sockets;
        var settings = new ServerSettings(options.Durable);
        _postgreSql = new PostgreSqlServer(state.CreateSubdirectory("postgresql"), settings);
        _redis = new RedisServer(state.CreateSubdirectory("redis"), settings);
        _mariaDb = new MariaDbServer(state.CreateSubdirectory("mariadb"), sockets, settings);
    }

    /// <summary>The state directory as it was really placed.</summary>
    public DirectoryInfo State { get; }

    /// <summary>A folder with a short path, for unix sockets.</summary>
    public DirectoryInfo Sockets { get; }

    public string PostgreSqlConnectionString => PostgreSql("clonehub");

    public string RedisConnectionString => _redis.ConnectionString;

    /// <summary>Administrator's connection through the unix socket.</summary>
    public string MariaDbConnectionString => _mariaDb.ConnectionString;

    /// <summary>The same administrator over TCP.</summary>
    public string MariaDbTcpConnectionString => _mariaDb.TcpConnectionString;

    public string MariaDbSocket => _mariaDb.Socket;

    internal DatabaseServer MariaDb => new(MariaDbConnectionString, MariaDbSocket);

    internal Leash? Leash => _options.Leash;

    public static async Task<PrivateServers> StartAsync(PrivateServersOptions options, IProgress<string> progress, CancellationToken ct)
    {
        var servers = await PlaceAsync(options, progress, ct);
        if (options.TemplateDirectory is { } template && !servers.All.All(server => server.IsPrepared))
            await servers.CopyFromAsync(template, progress, ct);
        try
        {
            await Task.WhenAll(servers.All.Select(async server =>
            {
                await server.PrepareAsync(ct);
                await server.StartAsync(options.Leash, ct);
            }));
        }
        catch
        {
            await servers.StopAsync(CancellationToken.None);
            throw;
        }

        return servers;
    }

    public string PostgreSql(string database) => _postgreSql.ConnectionString(database);

    public Task<string> QueryPostgreSqlAsync(string database, string sql, CancellationToken ct) => _postgreSql.QueryAsync(database, sql, ct);

    /// <summary>Ends one of the servers by a signal, orderly (TERM) or not (KILL), and starts it again.</summary>
    internal Task RestartAsync(ServerKinds kind, string signal, CancellationToken ct) => (kind switch
    {
        ServerKinds.PostgreSql => (PrivateServer)_postgreSql,
        ServerKinds.Redis => _redis,
        _ => _mariaDb,
    }).RestartAsync(signal, Leash, ct);

    /// <summary>Stops what this run started; servers that ran before go on.</summary>
    public Task StopAsync(CancellationToken ct) => Task.WhenAll(All.Select(server => server.StopAsync(ct)));

    /// <summary>Stops the servers of a state directory whoever started them, and answers which ones ran.</summary>
    public static async Task<IReadOnlyList<string>> StopAnywayAsync(PrivateServersOptions options, IProgress<string> progress, CancellationToken ct)
    {
        var servers = await PlaceAsync(options, progress, ct);
        var stopped = await Task.WhenAll(servers.All.Select(server => server.StopAnywayAsync(ct)));
        servers.Sockets.Delete(recursive: true);
        return [.. servers.All.Zip(stopped).Where(pair => pair.Second).Select(pair => pair.First.Name)];
    }

    internal PrivateServer Server(ServerKinds kind) => kind switch
    {
        ServerKinds.PostgreSql => _postgreSql,
        ServerKinds.Redis => _redis,
        ServerKinds.MariaDb => _mariaDb,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "One server at a time."),
    };

    private IEnumerable<PrivateServer> All => new (ServerKinds Kind, PrivateServer Server)[]
        {
            (ServerKinds.PostgreSql, _postgreSql), (ServerKinds.Redis, _redis), (ServerKinds.MariaDb, _mariaDb),
        }
        .Where(pair => _options.Wanted.HasFlag(pair.Kind))
        .Select(pair => pair.Server);

    private static async Task<PrivateServers> PlaceAsync(PrivateServersOptions options, IProgress<string> progress, CancellationToken ct)
    {
        var state = StateDirectory.Place(options.StateDirectory, progress);
        var sockets = await StateDirectory.SocketsAsync(state, ct);
        if (options.RemoveAtEnd && options.Leash is { } leash)
        {
            // Tests run the Host inside their own process too; its clones are below this folder.
            leash.EndClones(state.FullName);
            leash.Remove(state.FullName);
            leash.Remove(sockets.FullName);
        }

        return new PrivateServers(options, state, sockets);
    }

    private async Task CopyFromAsync(string template, IProgress<string> progress, CancellationToken ct)
    {
        var source = StateDirectory.Place(template, progress);
        var original = new PrivateServers(_options with { StateDirectory = source.FullName }, source, Sockets);
        using (await FolderLock.AcquireAsync(source, ct))
        {
            await Task.WhenAll(original.All.Select(server => server.PrepareAsync(ct)));
        }

        await Task.WhenAll(All.Zip(original.All, (server, template) => server.CopyFromAsync(template, ct)));
    }
}
