using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using CloneHub.Testing;

namespace CloneHub.EndToEnd.Tests.Faults;

/// <summary>
/// Each thing CloneHub works with is taken away in each way, while jobs wait, build and serve. Redis is all that is needed to run, PostgreSQL
/// all that is needed to know, MariaDB, nginx and PHP all that clones need; whatever is away, nothing acknowledged is lost or doubled, no
/// answer goes back, and all heals once a supervisor of the machine has started what should run.
/// </summary>
[Trait("Needs", "servers")]
[Collection("faults")]
public sealed class DependencyFaultTests(FaultStage stage) : IClassFixture<FaultStage>
{
    /// <summary>No reader waits longer, whatever is away: a frozen Redis is given up after 5 seconds, and asked twice.</summary>
    private static readonly TimeSpan LongestRead = TimeSpan.FromSeconds(12);

    /// <summary>Longer, and a probe of the usual patience would call a node dead that only misses something.</summary>
    private static readonly TimeSpan LongestProbe = TimeSpan.FromSeconds(7);

    public static TheoryData<string, Fault> Matrix
    {
        get
        {
            var cases = new TheoryData<string, Fault>();
            foreach (var dependency in new[] { "redis", "postgresql", "mariadb", "nginx", "php" })
            {
                foreach (var fault in Enum.GetValues<Fault>()) cases.Add(dependency, fault);
            }

            return cases;
        }
    }

    [Theory, MemberData(nameof(Matrix))]
    public async Task A_fault_loses_nothing_and_heals(string dependency, Fault fault)
    {
        var expected = Expectation.Of(dependency, fault);
        var requests = new ConcurrentDictionary<string, string?>();
        await using var watch = new Watch(stage.Host.Client);
        var building = await stage.Api.RequestAsync(stage.Source.Site);
        for (var i = 0; i < 3; i++) await RequestAsync(requests, Acceptance.Yes);
        foreach (var job in requests.Values.Append(building).Append(stage.Serving)) watch.Follow(job!);
        await Eventually.Until("the copy has begun", () => stage.Host.LinesWith($"Job {building}: step ImportContent started") > 0, CloneApi.Patience);

        await fault.HappenAsync(stage.Dependencies[dependency], () => DuringAsync(requests, watch, expected));

        await Eventually.Until("the node is healthy", async () => (await stage.ReadinessAsync()).Status == "healthy", expected.Healing);
        await Eventually.Until("the clone serves", async () => await stage.VisitAsync() == 200, expected.Healing);
        await AssertEndsAsync(building, expected.MayFail);
        foreach (var (key, before) in requests) await AssertOneOfNothingAsync(key, before, watch);
        await watch.StopAsync();
        Assert.Empty(watch.StepsBack);
        var surprises = watch.Refusals.Except(expected.Refusals).ToList();
        if (surprises.Count > 0) Assert.Fail($"{string.Join(", ", surprises)}\n{stage.LastWords()}");
        Assert.True(watch.Slowest < LongestRead, $"A read took {watch.Slowest.TotalSeconds:0.0} s.");
        await stage.Api.RemoveAsync(building);
    }

    /// <summary>While it lasts: requests are accepted or refused as they should be, clones serve if they can, and the node tells what is missing.</summary>
    private async Task DuringAsync(ConcurrentDictionary<string, string?> requests, Watch watch, Expectation expected)
    {
        if (expected.Accepts is Acceptance.NotForLong) await Eventually.Until("a request is refused", async () => await FollowedAsync() is null);
        else await FollowedAsync();
        if (expected.Serves) Assert.Equal(200, await stage.VisitAsync());
        if (expected.Missing is not { } check) return;
        var asked = TimeProvider.System.GetTimestamp();
        await stage.ReadinessAsync();
        var took = TimeProvider.System.GetElapsedTime(asked);
        Assert.True(took < LongestProbe, $"The node told of its readiness after {took.TotalSeconds:0.0} s.");
        var code = check.Status == "unhealthy" ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK;
        await Eventually.Until(
            $"{check.Name} is {check.Status}",
            async () => await stage.ReadinessAsync() is var now && now.Code == code && now.Checks[check.Name] == check.Status);

        async Task<string?> FollowedAsync()
        {
            var job = await RequestAsync(requests, expected.Accepts);
            if (job is not null) watch.Follow(job);
            return job;
        }
    }

    private async Task<string?> RequestAsync(ConcurrentDictionary<string, string?> requests, Acceptance expected)
    {
        var key = ServersFixture.Unique("k");
        using var answer = await stage.RequestOfNothingAsync(key);
        var text = await answer.Content.ReadAsStringAsync();
        var body = JsonDocument.Parse(text).RootElement;
        if (answer.StatusCode == HttpStatusCode.Accepted && expected is not Acceptance.No) return requests[key] = body.GetProperty("job_id").GetString();
        if (answer.StatusCode != HttpStatusCode.ServiceUnavailable || expected is Acceptance.Yes) Assert.Fail($"Expected {expected}, got {answer.StatusCode}: {text}\n{stage.LastWords()}");
        Assert.Equal("STORE_UNAVAILABLE", body.GetProperty("code").GetString());
        Assert.NotNull(answer.Headers.RetryAfter);
        return requests[key] = null;
    }

    /// <summary>Asked again under its key it is the same job, the only one of its label, and fails for the reason that is true.</summary>
    private async Task AssertOneOfNothingAsync(string key, string? acknowledged, Watch watch)
    {
        using var answer = await stage.RequestOfNothingAsync(key);
        var job = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("job_id").GetString()!;
        if (acknowledged is null) watch.Follow(job);
        else Assert.Equal(acknowledged, job);
        var failed = await stage.Api.WaitAsync(job, "failed");
        Assert.Equal("SOURCE_UNREACHABLE", failed.GetProperty("error").GetProperty("code").GetString());
        var list = await Eventually.Get("the list is told", () => ListAsync(key), CloneApi.Patience);
        Assert.Equal(2, list.Split($"\"{job}\"").Length);
        await KillTests.AssertOnceAsync(stage.Host, job);
    }

    /// <returns>Null if it is to be asked for later: a machine that is late with everything is late with a store too.</returns>
    private async Task<string?> ListAsync(string key)
    {
        using var answer = await stage.Host.Client.GetAsync(new Uri($"api/v2/jobs?customer_id={key}", UriKind.Relative));
        var text = await answer.Content.ReadAsStringAsync();
        if (answer is { StatusCode: HttpStatusCode.ServiceUnavailable, Headers.RetryAfter: not null }) return null;
        return answer.IsSuccessStatusCode ? text : throw new InvalidOperationException($"{answer.StatusCode}: {text}");
    }

    private async Task AssertEndsAsync(string job, string? mayFail)
    {
        JsonElement end = default;
        await Eventually.Until(
            $"{job} has ended",
            async () => (end = await stage.Api.StatusAsync(job)).GetProperty("status").GetString() is "completed" or "failed",
            CloneApi.Patience);
        var outcome = end.GetProperty("status").GetString() == "failed" ? end.GetProperty("error").GetProperty("code").GetString() : null;
        Assert.True(outcome is null || outcome == mayFail, $"{end}\n{string.Join('\n', stage.Host.Output.Split('\n').Where(line => line.Contains(job, StringComparison.Ordinal)).TakeLast(25))}");
        await KillTests.AssertOnceAsync(stage.Host, job);
    }
}
