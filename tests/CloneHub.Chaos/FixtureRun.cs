using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using CloneHub.Dev;
using CloneHub.Dev.Host;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;
using CloneHub.Jobs;
using CloneHub.Testing;

namespace CloneHub.Chaos;

/// <summary>
/// Has a built version work until its stores hold jobs that failed, serve, were extended, removed and cancelled, wait and are built; kills it, and saves the
/// stores. Later versions start on what is saved here: one is made at each release.
/// </summary>
internal sealed class FixtureRun(NodeProcess node, DateTimeOffset begin)
{
    private const string Rested = "rested";
    private static readonly TimeSpan PastEveryLimit = CloneJob.BuildLimit + TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly string[] Reports = [$"clones?customer_id={Rested}&group_by=customer&format=csv", $"failures?customer_id={Rested}&format=csv"];

    /// <param name="program">CloneHub.Chaos.dll of the version.</param>
    public static async Task RunAsync(string program, DirectoryInfo target, IProgress<string> progress, CancellationToken ct)
    {
        using var leash = new Leash();
        var folder = Repository.Path("artifacts", "chaos", string.Create(CultureInfo.InvariantCulture, $"fixture-{Environment.ProcessId}"));
        var servers = await ChaosRun.StartAsync(Path.Combine(folder, "servers"), ServerKinds.Redis | ServerKinds.PostgreSql, leash, progress, ct);
        var world = await ChaosRun.StartAsync(Path.Combine(folder, "world"), ServerKinds.Redis, leash, progress, ct);
        var now = TimeProvider.System.GetUtcNow();

        // Twice as fast as the real one since then, the second clock is that much ahead of it.
        using var before = Node(now, speed: 1);
        using var after = Node(now - PastEveryLimit, speed: 2);
        await new FixtureRun(before, now).LeaveTwoAsync(ct);
        var left = await new FixtureRun(after, now - PastEveryLimit).WorkAsync(ct);
        await StoreDump.SaveAsync(servers, target, ct);
        await left.WriteAsync(target, ct);
        File.Copy(Path.Combine(servers.State.FullName, StoredWorld.MasterKeyFile), Path.Combine(target.FullName, StoredWorld.MasterKeyFile), overwrite: true);

        NodeProcess Node(DateTimeOffset begin, int speed)
        {
            var port = Ports.Free();
            var settings = HostSettings.For(servers, servers.State, servers.State, port);
            foreach (var (name, value) in ChaosNode.Settings(world.RedisConnectionString, begin, speed)) settings[name] = value;
            settings["CloneHub__Slots"] = "1";
            settings["CloneHub__Local__MariaDb"] = "Server=127.0.0.1";
            return new NodeProcess(port, ChaosNode.Program(port, program), settings, servers.State, leash);
        }
    }

    /// <summary>Two jobs that are past their time when the version is started the next time.</summary>
    private async Task LeaveTwoAsync(CancellationToken ct)
    {
        await StartAsync(ct);
        for (var n = 0; n < 2; n++) await RequestAsync(Rested, ct);
        await node.EndAsync("KILL", ct);
    }

    private async Task<StoredWorld> WorkAsync(CancellationToken ct)
    {
        await StartAsync(ct);
        var rested = new List<string>();
        for (var n = 0; n < 6; n++) rested.Add(await RequestAsync(Rested, ct));
        await DeleteAsync(rested[^1], ct);
        await Eventually.Until("nothing is under way", async () => (await JobsAsync(ct)).All(job => Status(job) is "completed" or "failed" or "cancelled"), Patience);
        var serving = (await JobsAsync(ct)).Where(job => Status(job) == "completed").Select(IdOf).ToList();
        await DeleteAsync(serving[0], ct);
        using (var longer = JsonContent.Create(new { ttl_minutes = 20 })) (await node.Client.PostAsync(Api($"jobs/{serving[1]}/extend"), longer, ct)).EnsureSuccessStatusCode().Dispose();
        await Eventually.Until("a clone is gone", async () => (await StatusAsync(serving[0], ct)).GetProperty("result").TryGetProperty("removed_at", out _), Patience);
        await Task.Delay(TimeSpan.FromSeconds(5), TimeProvider.System, ct);
        var told = new List<JsonElement>();
        foreach (var job in await JobsAsync(ct)) told.Add(await StatusAsync(IdOf(job), ct));
        var reports = new Dictionary<string, string>();
        foreach (var report in Reports) reports[report] = await node.Client.GetStringAsync(Api($"reports/{report}"), ct);

        var open = new List<string>();
        for (var n = 0; n < 3; n++) open.Add(await RequestAsync("open", ct));
        await node.EndAsync("KILL", ct);
        return new StoredWorld(new FastClock(begin, speed: 2).GetUtcNow(), told, open, reports);
    }

    private async Task StartAsync(CancellationToken ct)
    {
        await node.StartAsync(ct);
        await node.AwaitReadyAsync(ct);
    }

    private async Task<string> RequestAsync(string customer, CancellationToken ct)
    {
        using var body = JsonContent.Create(new { source_url = "http://127.0.0.1:9/", source_username = "admin", source_password = "correct horse", customer_id = customer, ttl_minutes = 5 });
        using var answer = await node.Client.PostAsync(Api("clone"), body, ct);
        return IdOf(await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(ct));
    }

    private async Task DeleteAsync(string job, CancellationToken ct) => (await node.Client.DeleteAsync(Api($"jobs/{job}"), ct)).EnsureSuccessStatusCode().Dispose();

    private Task<JsonElement> StatusAsync(string job, CancellationToken ct) => node.Client.GetFromJsonAsync<JsonElement>(Api($"job-status/{job}"), ct);

    private async Task<IReadOnlyList<JsonElement>> JobsAsync(CancellationToken ct) =>
        [.. (await node.Client.GetFromJsonAsync<JsonElement>(Api("jobs?limit=100"), ct)).GetProperty("jobs").EnumerateArray()];

    private static string IdOf(JsonElement job) => job.GetProperty("job_id").GetString()!;

    private static string Status(JsonElement job) => job.GetProperty("status").GetString()!;

    private static Uri Api(string path) => new(string.Create(CultureInfo.InvariantCulture, $"api/v2/{path}"), UriKind.Relative);
}
