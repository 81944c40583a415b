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
    private readonly List<int> _addresses;
    private readonly Network? _network;

    private Fleet(List<NodeProcess> nodes, List<int> addresses, Network? network) => (_nodes, _addresses, _network) = (nodes, addresses, network);

    /// <summary>How the nodes reach each other.</summary>
    /// <exception cref="InvalidOperationException">They do so without lines that can be cut.</exception>
    public Network Network => _network ?? throw new InvalidOperationException("This fleet has no lines that can be cut.");

    public IReadOnlyList<NodeProcess> Nodes => _nodes;

    /// <summary>Those that answer requests. All others only do steps.</summary>
    public IReadOnlyList<NodeProcess> Core => [.. _nodes.Take(CoreNodes)];

    /// <summary>Nodes that had to be started again because they had ended by themselves.</summary>
    public int Restarts { get; private set; }

    /// <param name="withLines">Whether the lines between them can be cut; what goes over one that can be takes a part of the processor.</param>
    public static async Task<Fleet> StartAsync(
        int count, PrivateServers servers, IReadOnlyDictionary<string, string> common, Func<int, IReadOnlyList<string>> program, bool withLines, Leash leash, CancellationToken ct)
    {
        var places = Enumerable.Range(1, count).Select(number => Place.New(number, withLines)).ToList();
        List<NodeProcess> nodes = [.. places.Select(place => new NodeProcess(place.Http, program(place.Http), Settings(place), Folder(place.Number), leash))];
        var network = withLines ? new Network([.. places.Select(place => (place.Line, place.Akka))], () => [.. nodes.Select(node => node.Pid)]) : null;
        var fleet = new Fleet(nodes, [.. places.Select(place => place.Line)], network);

        // The first one makes the schema and the master key.
        foreach (var node in fleet.Nodes)
        {
            await node.StartAsync(ct);
            if (node == fleet.Nodes[0]) await node.AwaitReadyAsync(ct);
        }

        await fleet.AwaitReadyAsync(ct);
        return fleet;

        DirectoryInfo Folder(int number) => FolderOf(servers, number);

        Dictionary<string, string> Settings(Place place)
        {
            var settings = HostSettings.For(servers, Folder(1), Folder(1), place.Http);
            foreach (var (name, value) in common) settings[name] = value;
            if (count == 1) return settings;
            settings["CloneHub__Cluster__Port"] = place.Akka.ToString(CultureInfo.InvariantCulture);
            settings["CloneHub__Cluster__PublicPort"] = place.Line.ToString(CultureInfo.InvariantCulture);
            foreach (var (at, seed) in places.Take(CoreNodes).Index())
                settings[$"CloneHub__Cluster__SeedNodes__{at}"] = string.Create(CultureInfo.InvariantCulture, $"akka.tcp://clonehub@127.0.0.1:{seed.Line}");
            if (place.Number > CoreNodes) settings["CloneHub__Cluster__Roles__0"] = "worker";
            return settings;
        }
    }

    /// <summary>State directory of the whole fleet: the first node's.</summary>
    public static DirectoryInfo StateOf(PrivateServers servers) => FolderOf(servers, 1);

    /// <summary>Whether this is the address of the node, counted from 0, for other nodes, or the name of a worker there.</summary>
    public bool IsAt(int node, string address) => address.Split('#')[0].EndsWith(string.Create(CultureInfo.InvariantCulture, $":{_addresses[node]}"), StringComparison.Ordinal);

    /// <summary>Cuts all lines of a node, counted from 0, to the others until <see cref="Network.HealAll"/>.</summary>
    public void CutOff(int node)
    {
        foreach (var other in Enumerable.Range(0, Nodes.Count).Where(other => other != node))
        {
            Network.Cut(node, other);
            Network.Cut(other, node);
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
        _network?.HealAll();
        await Task.WhenAll(Nodes.Select(node => node.EndAsync("TERM", CancellationToken.None)));
        foreach (var node in Nodes) node.Dispose();
        _network?.Dispose();
    }

    private static DirectoryInfo FolderOf(PrivateServers servers, int number) => servers.State.CreateSubdirectory(string.Create(CultureInfo.InvariantCulture, $"node-{number}"));

    /// <param name="Akka">Port that it listens to for other nodes.</param>
    /// <param name="Line">Port under which others know it.</param>
    private sealed record Place(int Number, int Http, int Akka, int Line)
    {
        public static Place New(int number, bool withLine)
        {
            var akka = Ports.Free();
            return new Place(number, Ports.Free(), akka, withLine ? Ports.Free() : akka);
        }
    }
}
