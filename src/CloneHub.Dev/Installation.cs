using System.Diagnostics;
using System.Globalization;
using CloneHub.Dev.Host;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;
using CloneHub.Dev.WordPress;

namespace CloneHub.Dev;

/// <summary>One CloneHub on this machine: private servers, the store of WordPress cores, and the Host. Ends what it started, nothing else.</summary>
internal sealed class Installation : IAsyncDisposable
{
    private const int UsualPort = 5080;

    // A server whose connection string is in the environment is not started.
    private static readonly Dictionary<string, ServerKinds> OwnServers = new()
    {
        ["CloneHub__PostgreSql__ConnectionString"] = ServerKinds.PostgreSql,
        ["CloneHub__Redis__ConnectionString"] = ServerKinds.Redis,
        ["CloneHub__Local__MariaDb"] = ServerKinds.MariaDb,
    };

    private readonly IDisposable _exclusive;
    private readonly IProgress<string> _progress;
    private PrivateServers? _servers;

    private Installation(DirectoryInfo state, IDisposable exclusive, IProgress<string> progress)
    {
        State = state;
        _exclusive = exclusive;
        _progress = progress;
    }

    public DirectoryInfo State { get; }

    /// <summary>Ends with this process whatever is put on it.</summary>
    public Leash Leash { get; } = new();

    /// <summary>Of a cluster of our own. Beside the sockets: the state directory may lie where it cannot work.</summary>
    public DirectoryInfo NodeFolder => StateDirectory.NodeFolder(State);

    public PrivateServers Servers => _servers ?? throw new UnreachableException("The servers are started first.");

    public DirectoryInfo Core { get; private set; } = null!;

    public HostRun? Host { get; private set; }

    public HostCluster? Nodes { get; private set; }

    /// <summary>Settings of the Host on top of the usual ones, as environment variables.</summary>
    public Dictionary<string, string> Changes { get; } = [];

    /// <summary>What may be kept and shared between installations of this checkout.</summary>
    public static DirectoryInfo Cache(IProgress<string> progress) => StateDirectory.Place(Repository.Path(".clonehub", "cache"), progress);

    public static Installation Open(string stateDirectory, IProgress<string> progress)
    {
        var state = StateDirectory.Place(stateDirectory, progress);
        var exclusive = FolderLock.TryAcquire(state)
            ?? throw new SetUpException($"CloneHub already runs with its files in {state.FullName}. Stop that one first (Ctrl-C there, or ./clonehub.sh down).");
        return new Installation(state, exclusive, progress);
    }

    /// <param name="needed">Servers to start even if the caller has named other ones for the Host.</param>
    public async Task StartServersAsync(ServerKinds needed, CancellationToken ct)
    {
        var wanted = OwnServers.Where(pair => !IsGiven(pair.Key)).Aggregate(needed, (kinds, pair) => kinds | pair.Value);
        _progress.Report($"Starting servers: {wanted}.");
        var options = new PrivateServersOptions { StateDirectory = State.FullName, Leash = Leash, Wanted = wanted };
        var servers = StartAsync(options, ct);
        var core = WordPressCore.EnsureAsync(Cache(_progress).CreateSubdirectory("wordpress"), _progress, ct);
        await Task.WhenAll(servers, core);
        Core = await core;
    }

    /// <summary>Servers that run are known at once: they are stopped in order also when there is no WordPress to be had.</summary>
    private async Task StartAsync(PrivateServersOptions options, CancellationToken ct)
    {
        _servers = await PrivateServers.StartAsync(options, _progress, ct);
        Leash.Remove(_servers.Sockets.FullName);
    }

    public async Task<HostRun> StartHostAsync(CancellationToken ct) => Host = await HostRun.StartAsync(await SettingsAsync(ct), State, Leash, ct);

    /// <summary>Several Hosts behind the one address.</summary>
    public async Task<HostCluster> StartNodesAsync(int nodes, CancellationToken ct) =>
        Nodes = await HostCluster.StartAsync(nodes, await SettingsAsync(ct), Port(), State, Leash, _progress, ct);

    private async Task<Dictionary<string, string>> SettingsAsync(CancellationToken ct)
    {
        _progress.Report("Starting CloneHub.");
        await HostRun.StopAnywayAsync(State, ct);
        if (!State.FullName.Any(char.IsWhiteSpace))
            Leash.EndClones(LocalClones.Folder(State));
        var settings = HostSettings.For(Servers, Core.Parent!, State, Port());
        foreach (var name in settings.Keys.Where(IsGiven).ToList())
            settings.Remove(name);
        foreach (var (name, value) in Changes)
            settings[name] = value;
        settings["Urls"] = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port()}");
        return settings;
    }

    public async ValueTask DisposeAsync()
    {
        if (Host is { } host)
            await host.StopAsync();
        if (Nodes is { } nodes)
            await nodes.DisposeAsync();
        if (Host is not null || Nodes is not null)
            await LocalClones.StopAllAsync(State, CancellationToken.None);
        if (_servers is { } servers)
            await servers.StopAsync(CancellationToken.None);
        Leash.Dispose();
        _exclusive.Dispose();
    }

    /// <summary>Addresses of clones contain the port, so it stays the same from run to run.</summary>
    private int Port()
    {
        var file = Path.Combine(State.FullName, "host.port");
        if (!File.Exists(file) && Ports.IsFree(UsualPort))
            File.WriteAllText(file, UsualPort.ToString(CultureInfo.InvariantCulture));
        var port = Ports.Remembered(file);
        return Ports.IsFree(port)
            ? port
            : throw new SetUpException($"Port {port} is taken by another program. Stop it, or delete {file} to let CloneHub choose another port (addresses of existing clones change).");
    }

    /// <summary>The caller's own settings win over ours.</summary>
    private static bool IsGiven(string setting) => Surroundings.Of(setting) is not null;
}
