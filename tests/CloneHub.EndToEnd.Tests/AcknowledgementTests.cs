using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;
using CloneHub.Testing;
using StackExchange.Redis;

namespace CloneHub.EndToEnd.Tests;

/// <summary>A 202 is told when the job is on the disk, and not before.</summary>
[Trait("Needs", "servers")]
public sealed class AcknowledgementTests(ServersFixture fixture) : IClassFixture<ServersFixture>, IAsyncLifetime
{
    private const string Calls = "write,writev,sendto,sendmsg,fsync,fdatasync";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private PrivateServers _redis = null!;
    private HostProcess _host = null!;

    private ProcessIdentity Redis => _redis.Server(ServerKinds.Redis).Process!;

    public async Task InitializeAsync()
    {
        // Nobody else's: its settings are changed, and it is killed.
        _redis = await PrivateServers.StartAsync(
            new PrivateServersOptions { StateDirectory = fixture.NewFolder().FullName, Wanted = ServerKinds.Redis, Leash = ServersFixture.Leash, RemoveAtEnd = true },
            new Progress<string>(),
            CancellationToken.None);
        _host = await HostProcess.StartAsync(fixture, new Dictionary<string, string>
        {
            ["CloneHub__Redis__ConnectionString"] = _redis.RedisConnectionString,
            ["CloneHub__RateLimit__ClonesPerMinute"] = "1000000",
            ["CloneHub__Slots"] = "1",
        });
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        await _redis.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_job_is_synced_to_the_disk_before_its_202_leaves()
    {
        await RequestAsync();
        Assert.Equal([], await AnsweredTooEarlyAsync());
    }

    /// <summary>The control: a Redis that syncs once a second does not sync before every answer, and the same look finds that.</summary>
    [Fact]
    public async Task With_a_sync_every_second_the_answer_is_found_to_leave_before_it()
    {
        await RequestAsync();
        await using var connection = await ConnectionMultiplexer.ConnectAsync(_redis.RedisConnectionString + ",allowAdmin=true");
        await connection.GetDatabase().ExecuteAsync("CONFIG", "SET", "appendfsync", "everysec");
        Assert.NotEmpty(await AnsweredTooEarlyAsync());
    }

    [Fact]
    public async Task Every_202_is_found_after_the_host_and_Redis_were_killed_at_once()
    {
        var acknowledged = new ConcurrentBag<string>();
        var rush = Enumerable.Range(0, 16).Select(_ => RequestUntilTheEndAsync(acknowledged)).ToList();
        await Eventually.Until("300 jobs are acknowledged", () => acknowledged.Count >= 300, Patience);
        await Task.WhenAll(_host.KillAsync(), Redis.EndAsync("KILL", Patience, CancellationToken.None));
        await Task.WhenAll(rush);
        await _redis.RestartAsync(ServerKinds.Redis, "KILL", CancellationToken.None);
        await _host.StartAsync();

        var lost = new List<string>();
        foreach (var job in acknowledged)
        {
            using var answer = await _host.Client.GetAsync(new Uri($"api/v2/job-status/{job}", UriKind.Relative));
            if (answer.StatusCode is not HttpStatusCode.OK) lost.Add($"{job}: {(int)answer.StatusCode}");
        }

        Assert.Empty(lost);
    }

    /// <returns>Of twenty jobs those whose answer left before their first event was on the disk.</returns>
    private async Task<IReadOnlyList<string>> AnsweredTooEarlyAsync()
    {
        var jobs = new List<string>();
        await using var calls = await SystemCalls.WatchAsync(fixture.NewFolder(), Calls, Redis, ProcessIdentity.Of(_host.Pid)!);
        for (var n = 0; n < 20; n++) jobs.Add((await RequestAsync())!);
        var lines = (await calls.EndAsync()).ToList();
        return [.. jobs.Where(job => !IsSyncedBeforeAnswer(lines, job))];
    }

    private static bool IsSyncedBeforeAnswer(List<string> calls, string job)
    {
        var written = calls.FindIndex(call => call.Contains(" write(", StringComparison.Ordinal) && IsOfJournal(call) && call.Contains(job, StringComparison.Ordinal));
        var answered = calls.FindIndex(call => call.Contains("202 Accepted", StringComparison.Ordinal) && call.Contains(job, StringComparison.Ordinal));
        Assert.True(written >= 0 && answered >= 0, $"{job} was written in call {written} and answered in call {answered} of {calls.Count}.");
        return calls.FindIndex(written, call => IsEndOfSync(call)) is >= 0 and var synced && synced < answered;
    }

    /// <summary>Of a sync that others came between the second line has no file. Redis syncs nothing else, and CloneHub nothing at all.</summary>
    private static bool IsEndOfSync(string call) =>
        call.EndsWith("= 0", StringComparison.Ordinal) && (call.Contains("sync resumed>", StringComparison.Ordinal) || (call.Contains("sync(", StringComparison.Ordinal) && IsOfJournal(call)));

    private static bool IsOfJournal(string call) => call.Contains("appendonly.aof", StringComparison.Ordinal);

    private async Task RequestUntilTheEndAsync(ConcurrentBag<string> acknowledged)
    {
        try
        {
            while (await RequestAsync() is { } job) acknowledged.Add(job);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // The kill that the test waits for: this one was not acknowledged.
        }
    }

    /// <returns>Null if it was not accepted.</returns>
    private async Task<string?> RequestAsync()
    {
        using var body = JsonContent.Create(new { source_url = "http://127.0.0.1:9/", source_username = "admin", source_password = "correct horse" });
        using var answer = await _host.Client.PostAsync(new Uri("api/v2/clone", UriKind.Relative), body);
        return answer.StatusCode is HttpStatusCode.Accepted ? (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("job_id").GetString() : null;
    }
}
