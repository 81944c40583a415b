using System.Globalization;
using CloneHub.Dev.Host;
using CloneHub.Dev.Servers;
using CloneHub.Testing;

namespace CloneHub.EndToEnd.Tests.Cluster;

/// <summary>Three nodes that share stores and clones, behind one front door, and a site to clone. A test leaves all three running.</summary>
public sealed class ClusterStage : IAsyncLifetime
{
    private readonly List<HostProcess> _nodes = [];
    private FrontDoor? _door;

    internal SourceSiteFixture Source { get; } = new();

    internal IReadOnlyList<HostProcess> Nodes => _nodes;

    internal Uri Front { get; private set; } = null!;

    /// <summary>Made anew before each use: others may be gone.</summary>
    internal CloneApi ApiOf(int node) => new(_nodes[node]);

    public async Task InitializeAsync()
    {
        await Source.InitializeAsync();
        var servers = Source.Servers;
        var front = Ports.Free();
        Front = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{front}/"));
        var state = servers.NewFolder();
        int[] ports = [Ports.Free(), Ports.Free(), Ports.Free()];
        var shared = new Dictionary<string, string>
        {
            ["CloneHub__PostgreSql__ConnectionString"] = await servers.NewPostgreSqlDatabaseAsync(),
            ["CloneHub__Redis__ConnectionString"] = servers.NewRedisDatabase(),
            // Longer than usual: a node that has to wait for its turn on a busy machine is not gone.
            ["CloneHub__Cluster__Patience"] = "00:00:12",
            ["CloneHub__Queue__Lease"] = "00:00:15",
            ["CloneHub__Local__PublicUrlTemplate"] = string.Create(CultureInfo.InvariantCulture, $"http://{{job_id}}.localhost:{front}"),
        };
        foreach (var (at, port) in ports.Index()) shared[$"CloneHub__Cluster__SeedNodes__{at}"] = $"akka.tcp://clonehub@127.0.0.1:{port}";
        foreach (var port in ports)
        {
            var own = new Dictionary<string, string>(shared) { ["CloneHub__Cluster__Port"] = port.ToString(CultureInfo.InvariantCulture) };
            _nodes.Add(await HostProcess.StartAsync(servers.Servers, await servers.CoreStoreAsync(), state, own));
        }

        _door = await FrontDoor.OpenAsync(front, _nodes.Select(node => node.Address), CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        if (_door is not null) await _door.DisposeAsync();
        foreach (var node in _nodes) await node.SignalAsync("CONT");
        await Task.WhenAll(_nodes.Select(async node => await node.DisposeAsync()));
        await Source.DisposeAsync();
    }

    /// <summary>What a test that failed has left as it was would fail the others too.</summary>
    internal async Task AllRunAsync()
    {
        foreach (var node in _nodes)
        {
            if (node.IsAlive) await node.SignalAsync("CONT");
            else await node.StartAsync();
        }
    }

    /// <summary>The node on which the step of the job began last, as its log tells.</summary>
    internal async Task<int> RunsAsync(string job, string step)
    {
        var found = -1;
        await Eventually.Until(
            $"{job}: {step} runs",
            () => (found = _nodes.FindLastIndex(node => node.LinesWith($"Job {job}: step {step} started") > 0)) >= 0,
            CloneApi.Patience);
        return found;
    }

    /// <summary>Some other node.</summary>
    internal static int OtherThan(int node) => (node + 1) % 3;
}
