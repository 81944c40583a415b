using System.Globalization;
using CloneHub.Dev;
using CloneHub.Dev.Host;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;
using StackExchange.Redis;

namespace CloneHub.Chaos;

/// <summary>One run from its seed: servers, a node, customers and weather; then calm, and the checks.</summary>
internal static class ChaosRun
{
    /// <summary>Of each worker: few, so that jobs wait.</summary>
    private const int Slots = 3;
    private static readonly TimeSpan PatienceAfterwards = TimeSpan.FromMinutes(2);

    public static async Task<Verdict> RunAsync(ChaosOptions options, IProgress<string> progress, CancellationToken ct)
    {
        using var leash = new Leash();
        var folder = Repository.Path("artifacts", "chaos", string.Create(CultureInfo.InvariantCulture, $"{options.Seed}-{Environment.ProcessId}"));
        var world = await StartAsync(Path.Combine(folder, "world"), ServerKinds.Redis, leash, progress, ct);
        var servers = await StartAsync(Path.Combine(folder, "servers"), ServerKinds.Redis | ServerKinds.PostgreSql, leash, progress, ct);
        var ledger = Ledger.Open(world.RedisConnectionString);
        var begin = TimeProvider.System.GetUtcNow();
        await using var fleet = await Fleet.StartAsync(options.Nodes, servers, Settings(world, options, begin), leash, ct);
        var storm = new Storm(fleet, servers, progress);
        var customers = new Customers(fleet.Core, options.Seed);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(ct);
        enough.CancelAfter(options.Length);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var supervised = fleet.SuperviseAsync(end.Token);
        var served = customers.RunAsync(options.JobsAtOnce, enough.Token);
        await storm.RunAsync(Weather.Of(options.Seed, options.Length, options.Nodes), ct);
        progress.Report("The storm is over. Waiting for the jobs under way.");
        await served;
        await UntilOverAsync(servers, customers, ct);

        var verdict = new Verdict(options) { Jobs = customers.Jobs.Count };
        await JudgeAsync(verdict, options, servers, ledger, customers, storm, begin);
        verdict.Check("views built anew say what they said", await new Views(fleet.Nodes[0], servers).ThatDifferAsync(ct));
        verdict.Fact($"{options.Nodes} nodes; {fleet.Restarts} times one had ended by itself and was started again");
        await end.CancelAsync();
        await supervised;
        return verdict;
    }

    internal static Task<PrivateServers> StartAsync(string folder, ServerKinds wanted, Leash leash, IProgress<string> progress, CancellationToken ct) => PrivateServers.StartAsync(
        new PrivateServersOptions { StateDirectory = folder, Wanted = wanted, Leash = leash, RemoveAtEnd = true }, progress, ct);

    internal static Dictionary<string, string> Settings(PrivateServers world, ChaosOptions options, DateTimeOffset begin) => new(
        ChaosNode.Settings(world.RedisConnectionString, begin, options.ClockSpeed))
    {
        ["CloneHub__Slots"] = Slots.ToString(CultureInfo.InvariantCulture),
        ["CloneHub__RateLimit__ClonesPerMinute"] = "1000000",
        ["CloneHub__Cleanup__SweepInterval"] = "00:00:05",

        // The ledger needs no MariaDB; the setting is looked at all the same.
        ["CloneHub__Local__MariaDb"] = "Server=127.0.0.1",
    };

    /// <summary>What a failed job made stays for its time to live; then that goes too. Jobs that are never over are for the verdict to name.</summary>
    internal static async Task UntilOverAsync(PrivateServers servers, Customers customers, CancellationToken ct)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(started) < PatienceAfterwards)
        {
            var history = await History.ReadAsync(servers.PostgreSqlConnectionString);
            if (!Checks.NotOver(history, customers.Jobs.Union(history.Keys)).Any()) return;
            await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, ct);
        }
    }

    internal static async Task JudgeAsync(
        Verdict verdict, ChaosOptions options, PrivateServers servers, Ledger ledger, Customers customers, Storm storm, DateTimeOffset begin)
    {
        var history = await History.ReadAsync(servers.PostgreSqlConnectionString);
        var entries = await ledger.EntriesAsync();
        var journal = await JournalAsync(servers.RedisConnectionString);
        verdict.Fact($"{customers.Jobs.Count} jobs acknowledged, {history.Values.Count(events => events.Named("ingress_ready.v1").Any())} served, {Checks.CountExpiries(history)} expired by themselves; {customers.Repeats} calls repeated; {entries.Count} effects; {history.Values.Sum(events => events.Count)} events");
        verdict.Check("nobody saw progress fall while Redis answered", customers.Falls.Where(fall => !storm.WasRedisAway(fall.At)).Select(fall => $"{fall.At - begin:mm\\:ss} {fall.What}"));
        verdict.Check("nobody saw an end taken back, an acknowledged job missing, or a fault of ours", customers.Wrongs);
        verdict.Check("every acknowledged job is in the event log and over", Checks.NotOver(history, customers.Jobs));
        verdict.Check("one job for one idempotency key", history.Keys.Except(customers.Jobs).Select(job => $"{job} was made and never acknowledged"));
        verdict.Check("every history is whole", Checks.NotWhole(history));
        verdict.Check("nothing that happens once is written twice", Checks.Twice(history));
        verdict.Check("fences rise by one", Checks.FencesOutOfOrder(history));
        verdict.Check("no effect without an order that was written down before", Checks.EffectsWithoutOrder(history, entries));
        verdict.Check("no step is done without its effect", Checks.DoneWithoutEffect(history, entries));
        verdict.Check("nothing had to be swept", entries.Where(entry => entry.Deed is Deed.Swept).Select(entry => entry.ToString()));
        verdict.Check("nothing is left in the world", (await ledger.ExistingAsync()).Select(clone => $"{clone.Job}: {string.Join(", ", clone.Parts)}"));
        verdict.Check("no clone expires early", Checks.Early(history));
        verdict.Check("no clone expires more than 5 s late while all is well", Checks.Late(history, storm, begin, options.ClockSpeed));
        verdict.Check("both logs end with the same event of every job", Checks.LogsThatDiffer(history, journal));
    }

    private static async Task<IReadOnlyDictionary<string, long>> JournalAsync(string redis)
    {
        const string Before = "clonehub:journal:persisted:clone-";
        const string After = ":highestSequenceNr";
        await using var connection = await ConnectionMultiplexer.ConnectAsync(redis);
        var found = new Dictionary<string, long>();
        await foreach (var key in connection.GetServers()[0].KeysAsync(pattern: $"{Before}*{After}"))
            found[key.ToString()[Before.Length..^After.Length]] = (long)await connection.GetDatabase().StringGetAsync(key);
        return found;
    }
}
