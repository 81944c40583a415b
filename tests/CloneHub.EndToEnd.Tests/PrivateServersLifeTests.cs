using CloneHub.Dev;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;
using CloneHub.Testing;

namespace CloneHub.EndToEnd.Tests;

[Trait("Needs", "servers")]
public sealed class PrivateServersLifeTests(ServersFixture servers) : IClassFixture<ServersFixture>
{
    private static readonly IProgress<string> Nobody = new Progress<string>();

    [Fact]
    public async Task Servers_that_run_are_found_again_and_left_running()
    {
        var options = Options();
        var first = await PrivateServers.StartAsync(options, Nobody, default);
        await first.QueryPostgreSqlAsync("clonehub", "CREATE TABLE kept (n int)", default);
        var second = await PrivateServers.StartAsync(options, Nobody, default);

        Assert.Equal(first.PostgreSqlConnectionString, second.PostgreSqlConnectionString);
        Assert.Equal(first.RedisConnectionString, second.RedisConnectionString);
        await second.StopAsync(default);
        Assert.Equal("0", (await first.QueryPostgreSqlAsync("clonehub", "SELECT count(*) FROM kept", default)).Trim());
        await first.StopAsync(default);
        await Assert.ThrowsAsync<SetUpException>(() => first.QueryPostgreSqlAsync("clonehub", "SELECT 1", default));
    }

    [Fact]
    public async Task A_second_start_finds_the_data_of_the_first_on_the_same_ports()
    {
        var options = Options();
        var first = await PrivateServers.StartAsync(options, Nobody, default);
        await first.QueryPostgreSqlAsync("clonehub", "CREATE TABLE kept (n int)", default);
        await first.StopAsync(default);
        var second = await PrivateServers.StartAsync(options, Nobody, default);

        Assert.Equal(first.MariaDbTcpConnectionString, second.MariaDbTcpConnectionString);
        Assert.Equal("0", (await second.QueryPostgreSqlAsync("clonehub", "SELECT count(*) FROM kept", default)).Trim());
        await second.StopAsync(default);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("KILL")]
    public async Task A_server_that_was_ended_comes_up_again_with_its_data_on_its_port(string signal)
    {
        var options = Options();
        var started = await PrivateServers.StartAsync(options, Nobody, default);
        await started.QueryPostgreSqlAsync("clonehub", "CREATE TABLE kept (n int)", default);
        var before = (started.PostgreSqlConnectionString, started.RedisConnectionString, started.MariaDbTcpConnectionString);

        foreach (var kind in new[] { ServerKinds.PostgreSql, ServerKinds.Redis, ServerKinds.MariaDb }) await started.RestartAsync(kind, signal, default);

        Assert.Equal(before, (started.PostgreSqlConnectionString, started.RedisConnectionString, started.MariaDbTcpConnectionString));
        Assert.Equal("0", (await started.QueryPostgreSqlAsync("clonehub", "SELECT count(*) FROM kept", default)).Trim());
        await started.StopAsync(default);
    }

    [Fact]
    public async Task The_leash_ends_servers_and_removes_their_files()
    {
        var leash = new Leash();
        var ended = await PrivateServers.StartAsync(Options() with { Leash = leash }, Nobody, default);
        leash.Dispose();

        await Eventually.Until("the files of the servers are gone", () => !Directory.Exists(ended.State.FullName) && !Directory.Exists(ended.Sockets.FullName));
        await Assert.ThrowsAsync<SetUpException>(() => ended.QueryPostgreSqlAsync("clonehub", "SELECT 1", default));
    }

    [Fact]
    public async Task A_server_that_cannot_start_says_what_it_said_itself()
    {
        var options = Options();
        var redis = Directory.CreateDirectory(Path.Combine(options.StateDirectory, "redis", "data"));
        await File.WriteAllTextAsync(Path.Combine(redis.FullName, "appendonlydir"), "a file where Redis wants a folder");

        var trouble = await Assert.ThrowsAsync<SetUpException>(() => PrivateServers.StartAsync(options, Nobody, default));

        Assert.Contains("redis ended while starting", trouble.Message, StringComparison.Ordinal);
        Assert.Contains("appendonlydir", trouble.Message, StringComparison.Ordinal);
    }

    private PrivateServersOptions Options() => new()
    {
        StateDirectory = Path.Combine(servers.NewFolder().FullName, "state"),
        TemplateDirectory = Repository.Path("artifacts", "test-cache", "databases"),
        Durable = false,
        Leash = ServersFixture.Leash,
        RemoveAtEnd = true,
    };
}
