using System.Net;
using CloneHub.Dev;
using CloneHub.Dev.Host;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;
using CloneHub.Dev.WordPress;

namespace CloneHub.Chaos.Worlds;

/// <summary>Real clones of a real site, by the local back end, in real time. The site has a MariaDB of its own that nobody breaks: its faults would be the source's.</summary>
internal sealed class LocalWorld : IWorld
{
    private static readonly TimeSpan PatienceWithClone = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan PatienceWithLeftovers = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly PrivateServers _own;
    private readonly SourceSite _source;
    private readonly HttpClient _client = LoopbackHttp.CreateClient();

    private LocalWorld(PrivateServers own, SourceSite source, DirectoryInfo core)
    {
        (_own, _source) = (own, source);
        Settings = new Dictionary<string, string> { ["CloneHub__Local__CoreStore"] = core.Parent!.FullName };
        _client.Timeout = TimeSpan.FromSeconds(20);
    }

    public FastClock Clock { get; } = new(TimeProvider.System.GetUtcNow(), speed: 1);

    public Habits Habits { get; } = new() { Leaving = 0, Keeping = 0, TidyUp = true };

    public ServerKinds Needs => ServerKinds.MariaDb;

    public IReadOnlyDictionary<string, string> Settings { get; }

    /// <summary>Where the nodes work; known once they are placed.</summary>
    public (PrivateServers Servers, DirectoryInfo State)? Place { get; set; }

    public static async Task<LocalWorld> OpenAsync(string folder, Leash leash, IProgress<string> progress, CancellationToken ct)
    {
        var own = await PrivateServers.StartAsync(new PrivateServersOptions { StateDirectory = folder, Wanted = ServerKinds.MariaDb, Leash = leash, RemoveAtEnd = true }, progress, ct);
        var core = await WordPressCore.EnsureAsync(Cache("wordpress"), progress, ct);
        return new LocalWorld(own, await SourceSite.StartAsync(own, core, Cache("sites"), new SourceSiteOptions { Name = "source" }, progress, ct), core);

        DirectoryInfo Cache(string name) => StateDirectory.Place(Repository.Path("artifacts", "test-cache", name), progress);
    }

    public IReadOnlyList<string> Program(int port) => [HostSettings.Program()];

    public object Order(int number) =>
        new { source_url = _source.Url, source_username = _source.AdminUser, source_password = _source.AdminPassword, customer_id = $"c{number % 5}", ttl_minutes = 30 };

    /// <summary>A node that is away when a customer comes is back in a while; a clone that does not serve then does not serve.</summary>
    public async Task<string?> FaultOfAsync(Answer completed)
    {
        var address = new Uri(completed.Body.GetProperty("result").GetProperty("clone_url").GetString()!);
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var said = await HomePageAsync(address);
            if (said is null || TimeProvider.System.GetElapsedTime(started) > PatienceWithClone) return said is null ? null : $"{completed.Job} is completed and does not serve: {said}";
            await Task.Delay(Pause, TimeProvider.System);
        }
    }

    public async Task JudgeAsync(Verdict verdict, IReadOnlyDictionary<string, IReadOnlyList<StoredEvent>> history)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            // What is owed to a source, and what the sweep finds, is put right within this time.
            var (servers, state) = Place!.Value;
            var left = await Leftovers.OfClonesAsync(servers, state, history.Keys, CancellationToken.None);
            var atSource = await Leftovers.OnSourceAsync(_source, CancellationToken.None);
            if (left.Count + atSource.Count > 0 && TimeProvider.System.GetElapsedTime(started) < PatienceWithLeftovers)
            {
                await Task.Delay(Pause, TimeProvider.System);
                continue;
            }

            verdict.Check("nothing of a clone is left on this machine", left);
            verdict.Check("nothing is left at the source", atSource);
            return;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _source.DisposeAsync();
        await _own.StopAsync(CancellationToken.None);
    }

    /// <returns>What is wrong with it; null if nothing is.</returns>
    private async Task<string?> HomePageAsync(Uri address)
    {
        try
        {
            using var answer = await _client.GetAsync(address);
            if (answer.StatusCode is not HttpStatusCode.OK) return $"it answers {(int)answer.StatusCode}";
            return (await answer.Content.ReadAsStringAsync()).Contains("<title>", StringComparison.Ordinal) ? null : "it answers without a page";
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or IOException)
        {
            return e.Message;
        }
    }
}
