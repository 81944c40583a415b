using System.Globalization;
using CloneHub.Dev;
using CloneHub.Dev.Host;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;
using CloneHub.Testing;

namespace CloneHub.Chaos;

/// <summary>
/// Nodes whose steps write a ledger, on servers of their own, behind one front door; nobody breaks anything. The first three are core nodes, all
/// others workers. Time runs as it does.
/// </summary>
internal sealed class LedgerFleet : IAsyncDisposable
{
    private static readonly TimeSpan LongPatience = TimeSpan.FromSeconds(12);
    private readonly Leash _leash = new();
    private FrontDoor? _door;

    public Fleet Fleet { get; private set; } = null!;

    public PrivateServers Servers { get; private set; } = null!;

    /// <summary>The front door.</summary>
    public HttpClient Front { get; private set; } = null!;

    /// <param name="slots">Of each worker.</param>
    /// <param name="coreWorks">The first three are workers as well.</param>
    /// <param name="patience">After which a silent node is taken for gone; longer than usual by default, because many processes share few processors here and one that has to wait for its turn is not gone.</param>
    /// <param name="withLines">Whether the lines between the nodes can be cut.</param>
    public static async Task<LedgerFleet> StartAsync(int nodes, int slots, bool coreWorks, IProgress<string> progress, CancellationToken ct, TimeSpan? patience = null, bool withLines = false)
    {
        var fleet = new LedgerFleet();
        try
        {
            await fleet.SetUpAsync(nodes, slots, coreWorks, patience ?? LongPatience, withLines, progress, ct);
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_door is not null) await _door.DisposeAsync();
        if (Fleet is not null) await Fleet.DisposeAsync();
        Front?.Dispose();
        _leash.Dispose();
    }

    /// <summary>The figure of this name at /queue, by way of the front door; null while it is not known.</summary>
    public async Task<int?> QueueAsync(string figure, CancellationToken ct)
    {
        using var answer = await Front.GetAsync(new Uri("queue", UriKind.Relative), ct);
        return answer.IsSuccessStatusCode ? System.Text.Json.JsonElement.Parse(await answer.Content.ReadAsStringAsync(ct)).GetProperty(figure).GetInt32() : null;
    }

    private async Task SetUpAsync(int nodes, int slots, bool coreWorks, TimeSpan patience, bool withLines, IProgress<string> progress, CancellationToken ct)
    {
        var folder = Repository.Path("artifacts", "chaos", string.Create(CultureInfo.InvariantCulture, $"calm-{nodes}-{Environment.ProcessId}"));
        var ledger = await ChaosRun.StartAsync(Path.Combine(folder, "world"), ServerKinds.Redis, _leash, progress, ct);
        Servers = await ChaosRun.StartAsync(Path.Combine(folder, "servers"), ServerKinds.Redis | ServerKinds.PostgreSql, _leash, progress, ct);
        var settings = new Dictionary<string, string>(ChaosNode.Settings(ledger.RedisConnectionString, TimeProvider.System.GetUtcNow(), speed: 1))
        {
            ["CloneHub__Slots"] = slots.ToString(CultureInfo.InvariantCulture),
            ["CloneHub__RateLimit__ClonesPerMinute"] = "1000000",
            ["CloneHub__Cluster__Patience"] = patience.ToString("c", CultureInfo.InvariantCulture),
            ["CloneHub__Queue__Lease"] = (patience * 1.25).ToString("c", CultureInfo.InvariantCulture),

            // The ledger needs no MariaDB; the setting is looked at all the same.
            ["CloneHub__Local__MariaDb"] = "Server=127.0.0.1",
            ["DOTNET_gcServer"] = "0",
        };
        if (!coreWorks) settings["CloneHub__Cluster__Roles__0"] = "core";
        Fleet = await Fleet.StartAsync(nodes, Servers, settings, port => ChaosNode.Program(port), withLines, _leash, ct);
        var port = Ports.Free();
        _door = await FrontDoor.OpenAsync(port, Fleet.Core.Select(node => node.Client.BaseAddress!), ct);
        Front = LoopbackHttp.CreateClient(new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/")));
        Front.Timeout = TimeSpan.FromSeconds(60);
    }
}
