using System.Globalization;
using CloneHub.Dev.Host;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;

namespace CloneHub.Chaos;

/// <summary>The nodes. One that ends by itself is started again, as a supervisor would.</summary>
internal sealed class Fleet : IAsyncDisposable
{
    private const int CoreNodes = 3;
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(500);
    private readonly List<NodeProcess> _nodes;

    private Fleet(List<NodeProcess> nodes) => _nodes = nodes;

    public IReadOnlyList<NodeProcess> Nodes => _nodes;

    /// <summary>Those that answer requests. All others only do steps.</summary>
    public IReadOnlyList<NodeProcess> Core => [.. _nodes.Take(CoreNodes)];

    /// <summary>Nodes that had to be started again because they had ended by themselves.</summary>
    public int Restarts { get; private set; }

    public static async Task<Fleet> StartAsync(
        int count, PrivateServers servers, IReadOnlyDictionary<string, string> common, Leash leash, CancellationToken ct, string? program = null)
    {
        var places = Enumerable.Range(1, count).Select(number => (Number: number, Http: Ports.Free(), Akka: Ports.Free())).ToList();
        var fleet = new Fleet([.. places.Select(place => new NodeProcess(place.Http, Settings(place), Folder(place.Number), leash) { Program = program ?? NodeProcess.ThisProgram })]);

        // The first one makes the schema and the master key.
        foreach (var node in fleet.Nodes)
        {
            await node.StartAsync(ct);
            if (node == fleet.Nodes[0]) await node.AwaitReadyAsync(ct);
        }

        await fleet.AwaitReadyAsync(ct);
        return fleet;

        DirectoryInfo Folder(int number) => servers.State.CreateSubdirectory(string.Create(CultureInfo.InvariantCulture, $"node-{number}"));

        Dictionary<string, string> Settings((int Number, int Http, int Akka) place)
        {
            var settings = HostSettings.For(servers, Folder(1), Folder(1), place.Http);
            foreach (var (name, value) in common) settings[name] = value;
            if (count == 1) return settings;
            settings["CloneHub__Cluster__Port"] = place.Akka.ToString(CultureInfo.InvariantCulture);
            foreach (var (at, seed) in places.Take(CoreNodes).Index())
                settings[$"CloneHub__Cluster__SeedNodes__{at}"] = string.Create(CultureInfo.InvariantCulture, $"akka.tcp://clonehub@127.0.0.1:{seed.Akka}");
            if (place.Number > CoreNodes) settings["CloneHub__Cluster__Roles__0"] = "worker";
            return settings;
        }
    }

    public async Task AwaitReadyAsync(CancellationToken ct)
    {
        foreach (var node in Nodes) await node.AwaitReadyAsync(ct);
    }

    /// <summary>Starts again what was not ended by the storm, until it is enough.</summary>
    public async Task SuperviseAsync(CancellationToken enough)
    {
        try
        {
            while (true)
            {
                foreach (var node in Nodes.Where(node => node.HasEndedByItself))
                {
                    Restarts++;
                    await node.StartAsync(CancellationToken.None);
                }

                await Task.Delay(BetweenLooks, TimeProvider.System, enough);
            }
        }
        catch (OperationCanceledException) when (enough.IsCancellationRequested)
        {
            // It is enough.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(Nodes.Select(node => node.EndAsync("TERM", CancellationToken.None)));
        foreach (var node in Nodes) node.Dispose();
    }
}
