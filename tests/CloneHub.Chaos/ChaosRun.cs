using System.Globalization;
using CloneHub.Chaos.Worlds;
using CloneHub.Dev;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;

namespace CloneHub.Chaos;

/// <summary>One run from its seed: servers, nodes, customers and weather; then calm, and the checks.</summary>
internal static class ChaosRun
{
    public static Task<Verdict> RunAsync(ChaosOptions options, IProgress<string> progress, CancellationToken ct) =>
        RunAsync(options, (_, storm, enough) => WeatherAsync(options, storm, enough, ct), progress, ct);

    /// <param name="disturb">What befalls the nodes. It also says when customers have asked for enough.</param>
    public static async Task<Verdict> RunAsync(ChaosOptions options, Func<Fleet, Storm, CancellationTokenSource, Task> disturb, IProgress<string> progress, CancellationToken ct)
    {
        using var leash = new Leash();
        var folder = Repository.Path("artifacts", "chaos", string.Create(CultureInfo.InvariantCulture, $"{options.Seed}-{options.Fault?.Name}{Environment.ProcessId}"));
        await using var world = await OpenAsync(Path.Combine(folder, "world"), options, leash, progress, ct);
        var servers = await StartAsync(Path.Combine(folder, "servers"), ServerKinds.Redis | ServerKinds.PostgreSql | world.Needs, leash, progress, ct);
        if (world is LocalWorld local) local.Place = (servers, Fleet.StateOf(servers));
        await using var fleet = await Fleet.StartAsync(options.Nodes, servers, Settings(world, options), world.Program, withLines: true, leash, ct);
        var storm = new Storm(fleet, servers, progress);
        var caller = new Caller(fleet.Core, options.Patience);
        var customers = new Customers(caller, world, options.Seed, options.Patience);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(ct);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var supervised = fleet.SuperviseAsync(end.Token);
        var served = customers.RunAsync(options.JobsAtOnce, enough.Token);
        await disturb(fleet, storm, enough);
        progress.Report("The storm is over. Waiting for the jobs under way.");
        await served;
        await UntilOverAsync(servers, customers, options.Patience / 2, ct);

        var verdict = await new Judge(options, servers, world, customers, caller, storm).JudgeAsync();

        // It takes its time: of what is broken on purpose only that which shows there is looked for.
        if (options.RebuildsViews && options.Fault?.NoticedBy.Contains(Rules.ViewsAgree) != false) verdict.Check(Rules.ViewsAgree, await new Views(fleet.Nodes[0], servers).ThatDifferAsync(ct));
        verdict.Fact($"{options.Nodes} nodes; {fleet.Restarts} times one had ended by itself and was started again");
        await end.CancelAsync();
        await supervised;
        if (!verdict.Holds && options.Fault is null) verdict.Fact($"What the nodes have logged is in {KeepLogs(fleet, folder)}");
        return verdict;
    }

    /// <summary>All else of a run goes with it.</summary>
    private static string KeepLogs(Fleet fleet, string folder)
    {
        var kept = Directory.CreateDirectory(Path.Combine(folder, "logs")).FullName;
        foreach (var (number, node) in fleet.Nodes.Index()) File.Copy(node.LogFile, Path.Combine(kept, string.Create(CultureInfo.InvariantCulture, $"node-{number + 1}.log")), overwrite: true);
        return kept;
    }

    public static Task<PrivateServers> StartAsync(string folder, ServerKinds wanted, Leash leash, IProgress<string> progress, CancellationToken ct) => PrivateServers.StartAsync(
        new PrivateServersOptions { StateDirectory = folder, Wanted = wanted, Leash = leash, RemoveAtEnd = true }, progress, ct);

    private static Task WeatherAsync(ChaosOptions options, Storm storm, CancellationTokenSource enough, CancellationToken ct)
    {
        enough.CancelAfter(options.Length);
        return storm.RunAsync(options.Weather, ct);
    }

    private static async Task<IWorld> OpenAsync(string folder, ChaosOptions options, Leash leash, IProgress<string> progress, CancellationToken ct) =>
        options.Backend is Backend.Local ? await LocalWorld.OpenAsync(folder, leash, progress, ct) : await LedgerWorld.OpenAsync(folder, options, leash, progress, ct);

    private static Dictionary<string, string> Settings(IWorld world, ChaosOptions options) => new(world.Settings)
    {
        ["CloneHub__Slots"] = options.Slots.ToString(CultureInfo.InvariantCulture),
        ["CloneHub__RateLimit__ClonesPerMinute"] = "1000000",
        ["CloneHub__Cleanup__SweepInterval"] = options.Fault is null ? "00:00:05" : "00:00:01",
    };

    /// <summary>What a failed job made stays for its time to live; then that goes too. Jobs that are never over are for the verdict to name.</summary>
    private static async Task UntilOverAsync(PrivateServers servers, Customers customers, TimeSpan patience, CancellationToken ct)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(started) < patience)
        {
            var history = await History.ReadAsync(servers.PostgreSqlConnectionString);
            if (!Checks.NotOver(history, customers.Jobs.Union(history.Keys)).Any()) return;
            await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, ct);
        }
    }
}
