using CloneHub.Chaos.Faults;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;

namespace CloneHub.Chaos.Worlds;

/// <summary>Clones are lines in a ledger, and time runs fast: they expire in seconds.</summary>
internal sealed class LedgerWorld : IWorld
{
    private readonly PrivateServers _servers;
    private readonly string? _version;
    private readonly Fault? _fault;
    private readonly Ledger _ledger;

    private LedgerWorld(PrivateServers servers, ChaosOptions options)
    {
        (_servers, _version, _fault, _ledger) = (servers, options.From, options.Fault, Ledger.Open(servers.RedisConnectionString));
        var begin = TimeProvider.System.GetUtcNow();
        Clock = new FastClock(begin, options.ClockSpeed);
        Habits = options.Fault?.Customers ?? new Habits();
        Settings = new Dictionary<string, string>(ChaosNode.Settings(servers.RedisConnectionString, begin, options.ClockSpeed))
        {
            // The ledger needs no MariaDB; the setting is looked at all the same.
            ["CloneHub__Local__MariaDb"] = "Server=127.0.0.1",
        };
    }

    public FastClock Clock { get; }

    public Habits Habits { get; }

    public ServerKinds Needs => ServerKinds.None;

    public IReadOnlyDictionary<string, string> Settings { get; }

    public static async Task<IWorld> OpenAsync(string folder, ChaosOptions options, Leash leash, IProgress<string> progress, CancellationToken ct) =>
        new LedgerWorld(await ChaosRun.StartAsync(folder, ServerKinds.Redis, leash, progress, ct), options);

    public IReadOnlyList<string> Program(int port) => ChaosNode.Program(port, _version, _fault);

    public object Order(int number) =>
        new { source_url = "http://127.0.0.1:9/", source_username = "admin", source_password = "correct horse", customer_id = $"c{number % 5}", ttl_minutes = Customers.Ttl };

    public Task<string?> FaultOfAsync(Answer completed) => Task.FromResult<string?>(null);

    public async Task JudgeAsync(Verdict verdict, IReadOnlyDictionary<string, IReadOnlyList<StoredEvent>> history)
    {
        var entries = await _ledger.EntriesAsync();
        verdict.Fact($"{entries.Count} effects in the ledger");
        verdict.Check(Rules.NoEffectWithoutOrder, Checks.EffectsWithoutOrder(history, entries));
        verdict.Check(Rules.NoEffectTwice, Checks.EffectsTwice(entries));
        verdict.Check(Rules.NoStepWithoutEffect, Checks.DoneWithoutEffect(history, entries));
        verdict.Check(Rules.NothingSwept, entries.Where(entry => entry.Deed is Deed.Swept).Select(entry => entry.ToString()));
        verdict.Check(Rules.NothingLeft, (await _ledger.ExistingAsync()).Select(clone => $"{clone.Job}: {string.Join(", ", clone.Parts)}"));
    }

    public async ValueTask DisposeAsync() => await _servers.StopAsync(CancellationToken.None);
}
