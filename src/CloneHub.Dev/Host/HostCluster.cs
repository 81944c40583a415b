using System.Globalization;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;

namespace CloneHub.Dev.Host;

/// <summary>
/// Several Hosts on this machine that share servers and clones, behind one front door. The first three are core nodes and workers, all others
/// workers. One that ends by itself is started again.
/// </summary>
internal sealed class HostCluster : IAsyncDisposable
{
    public const int Most = 9;
    private const int CoreNodes = 3;
    private static readonly TimeSpan BeforeRestart = TimeSpan.FromSeconds(1);

    private readonly HostRun?[] _runs;
    private readonly Func<int, CancellationToken, Task<HostRun>> _start;
    private readonly IProgress<string> _progress;
    private FrontDoor? _door;

    private HostCluster(int nodes, int frontPort, Func<int, CancellationToken, Task<HostRun>> start, IProgress<string> progress) =>
        (_runs, Address, _start, _progress) = (new HostRun?[nodes], AddressOf(frontPort), start, progress);

    /// <summary>The front door.</summary>
    public Uri Address { get; }

    public IEnumerable<HostRun> Runs => _runs.OfType<HostRun>();

    /// <param name="settings">Of a single Host behind the front door's port.</param>
    public static async Task<HostCluster> StartAsync(
        int nodes, Dictionary<string, string> settings, int frontPort, DirectoryInfo state, Leash leash, IProgress<string> progress, CancellationToken ct)
    {
        var places = Enumerable.Range(1, nodes).Select(number => new Place(
            number, Ports.Remembered(Path.Combine(state.FullName, $"node-{number}.http")), Ports.Remembered(Path.Combine(state.FullName, $"node-{number}.akka")))).ToList();
        var seeds = places.Take(CoreNodes).Select(place => place.Akka).ToList();
        var cluster = new HostCluster(
            nodes, frontPort, (at, stop) => HostRun.StartAsync(For(settings, places[at], seeds), state, leash, stop, $"host-{places[at].Number}"), progress);
        try
        {
            // The first one makes the schema and the master key, and founds the cluster.
            cluster._runs[0] = await cluster._start(0, ct);
            await Task.WhenAll(Enumerable.Range(1, nodes - 1).Select(async at => cluster._runs[at] = await cluster._start(at, ct)));
            cluster._door = await FrontDoor.OpenAsync(frontPort, places.Take(CoreNodes).Select(place => place.Http), ct);
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }

        return cluster;
    }

    /// <summary>Settings of one node of several: its own addresses, and who belongs to the cluster.</summary>
    public static Dictionary<string, string> For(Dictionary<string, string> settings, Place place, IReadOnlyList<int> seeds)
    {
        var all = new Dictionary<string, string>(settings)
        {
            ["Urls"] = place.Http.GetLeftPart(UriPartial.Authority),
            ["CloneHub__Cluster__Port"] = place.Akka.ToString(CultureInfo.InvariantCulture),
        };
        if (place.Number > CoreNodes) all["CloneHub__Cluster__Roles__0"] = "worker";
        foreach (var (at, port) in seeds.Index())
            all[$"CloneHub__Cluster__SeedNodes__{at}"] = string.Create(CultureInfo.InvariantCulture, $"akka.tcp://clonehub@127.0.0.1:{port}");
        return all;
    }

    /// <summary>Until Ctrl-C.</summary>
    public Task WatchAsync(CancellationToken ct) => Task.WhenAll(Enumerable.Range(0, _runs.Length).Select(at => WatchAsync(at, ct)));

    public async ValueTask DisposeAsync()
    {
        if (_door is { } door) await door.DisposeAsync();

        // One after the other each would hand its jobs over to those that go next.
        await Task.WhenAll(Runs.Select(run => run.StopAsync()));
    }

    private async Task WatchAsync(int at, CancellationToken ct)
    {
        while (true)
        {
            if (_runs[at] is { } run) await run.WaitForEndAsync(ct);
            _progress.Report(string.Create(CultureInfo.InvariantCulture, $"Node {at + 1} has ended; it is started again."));
            await Task.Delay(BeforeRestart, TimeProvider.System, ct);
            try
            {
                _runs[at] = await _start(at, ct);
            }
            catch (SetUpException e)
            {
                _progress.Report(e.Message);
            }
        }
    }

    private static Uri AddressOf(int port) => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/"));

    /// <param name="Number">1 for the first.</param>
    internal sealed record Place(int Number, int HttpPort, int Akka)
    {
        public Uri Http => AddressOf(HttpPort);
    }
}
