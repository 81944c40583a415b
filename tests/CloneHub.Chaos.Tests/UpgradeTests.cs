using System.Text.Json;
using CloneHub.Dev;
using CloneHub.Dev.Host;
using CloneHub.Dev.Servers;
using CloneHub.Testing;

namespace CloneHub.Chaos.Tests;

/// <summary>This version starts on stores that an earlier one left behind when it was killed. How they were made: Fixtures/README.md.</summary>
[Trait("Needs", "servers")]
[Collection("chaos")]
public sealed class UpgradeTests
{
    private const int Hurry = 60;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static TheoryData<string> Versions => [.. Directory.GetDirectories(Folder("")).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Jobs_of_an_earlier_version_are_told_as_before_go_on_serve_and_expire(string version)
    {
        var fixture = new DirectoryInfo(Folder(version));
        var left = await StoredWorld.ReadAsync(fixture, CancellationToken.None);
        var servers = await StartAsync(ServerKinds.Redis | ServerKinds.PostgreSql);
        var world = await StartAsync(ServerKinds.Redis);
        await StoreDump.LoadAsync(fixture, servers, CancellationToken.None);
        var key = Path.Combine(servers.State.FullName, StoredWorld.MasterKeyFile);
        File.Copy(Path.Combine(fixture.FullName, StoredWorld.MasterKeyFile), key);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var behind = TimeProvider.System.GetUtcNow() - left.Moment;
        try
        {
            await RunAsync(servers, world, behind, speed: 1, node => AssertToldAsBeforeAsync(node, left));
            await RunAsync(servers, world, behind, Hurry, _ => AssertGoOnAsync(servers, left));
        }
        finally
        {
            await Task.WhenAll(servers.StopAsync(CancellationToken.None), world.StopAsync(CancellationToken.None));
        }
    }

    [Fact]
    public void There_is_a_version_to_start_on() => Assert.NotEmpty(Versions);

    private static async Task AssertToldAsBeforeAsync(NodeProcess node, StoredWorld left)
    {
        foreach (var (report, told) in left.Reports) Assert.Equal(told, await node.Client.GetStringAsync(Api($"reports/{report}")));
        foreach (var told in left.Told) AssertHolds(told, JsonElement.Parse(await node.Client.GetStringAsync(Api($"job-status/{IdOf(told)}"))), IdOf(told));
        Assert.Equal(["cancelled", "completed", "failed"], left.Told.Select(told => told.GetProperty("status").GetString()).Distinct().Order(StringComparer.Ordinal));
    }

    private static async Task AssertGoOnAsync(PrivateServers servers, StoredWorld left)
    {
        var all = left.Told.Select(IdOf).Concat(left.Open).ToList();
        await Eventually.Until("all jobs are over", async () => !Checks.NotOver(await History.ReadAsync(servers.PostgreSqlConnectionString), all).Any(), Patience);
        var history = await History.ReadAsync(servers.PostgreSqlConnectionString);
        Assert.Empty(Checks.NotWhole(history).Concat(Checks.Twice(history)).Concat(Checks.FencesOutOfOrder(history)).Concat(Checks.Early(history)));
        Assert.Equal(all.Order(StringComparer.Ordinal), history.Keys.Order(StringComparer.Ordinal));
        Assert.Contains(left.Open, job => history[job].Named("ingress_ready.v1").Any());
    }

    private static async Task RunAsync(PrivateServers servers, PrivateServers world, TimeSpan behind, int speed, Func<NodeProcess, Task> look)
    {
        var port = Ports.Free();
        var settings = HostSettings.For(servers, servers.State, servers.State, port);
        foreach (var (name, value) in ChaosNode.Settings(world.RedisConnectionString, TimeProvider.System.GetUtcNow(), speed, behind)) settings[name] = value;
        settings["CloneHub__Local__MariaDb"] = "Server=127.0.0.1";
        using var node = new NodeProcess(port, ChaosNode.Program(port), settings, servers.State, ServersFixture.Leash);
        await node.StartAsync(CancellationToken.None);
        try
        {
            await node.AwaitReadyAsync(CancellationToken.None);
            await look(node);
        }
        finally
        {
            await node.EndAsync("TERM", CancellationToken.None);
        }
    }

    private static Task<PrivateServers> StartAsync(ServerKinds wanted) => PrivateServers.StartAsync(
        new PrivateServersOptions
        {
            StateDirectory = ServersFixture.StatePath(ServersFixture.Unique("upgrade")),
            Wanted = wanted,
            Durable = false,
            Leash = ServersFixture.Leash,
            RemoveAtEnd = true,
        },
        new Progress<string>(),
        CancellationToken.None);

    /// <summary>Everything that was told then is told now; more may be.</summary>
    private static void AssertHolds(JsonElement then, JsonElement now, string where)
    {
        if (then.ValueKind is not JsonValueKind.Object)
        {
            Assert.True(then.ToString() == now.ToString(), $"{where}: {then} became {now}");
            return;
        }

        foreach (var property in then.EnumerateObject())
        {
            Assert.True(now.TryGetProperty(property.Name, out var value), $"{where}: {property.Name} is not told any more.");
            AssertHolds(property.Value, value, $"{where}: {property.Name}");
        }
    }

    private static string IdOf(JsonElement job) => job.GetProperty("job_id").GetString()!;

    private static string Folder(string version) => Repository.Path("tests", "CloneHub.Chaos.Tests", "Fixtures", version);

    private static Uri Api(string path) => new($"api/v2/{path}", UriKind.Relative);
}
