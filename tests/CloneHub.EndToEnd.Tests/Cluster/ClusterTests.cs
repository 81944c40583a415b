using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using CloneHub.Dev.Host;
using CloneHub.Testing;
using Xunit.Abstractions;

namespace CloneHub.EndToEnd.Tests.Cluster;

/// <summary>What is promised of several nodes: docs/reliability.md.</summary>
[Trait("Needs", "servers")]
[Trait("Takes", "minutes")]
public sealed class ClusterTests(ClusterStage stage, ITestOutputHelper output) : IClassFixture<ClusterStage>, IAsyncLifetime
{
    /// <summary>What a node ends with that the others have put out.</summary>
    private const int PutOut = 75;

    public Task InitializeAsync() => stage.AllRunAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Every_node_tells_the_same_of_a_job_at_once_and_all_of_its_events()
    {
        var job = await stage.ApiOf(0).RequestAsync(stage.Source.Site);
        foreach (var node in stage.Nodes)
        {
            var listed = await node.Client.GetFromJsonAsync<JsonElement>(new Uri("api/v2/jobs", UriKind.Relative));
            Assert.Contains(listed.GetProperty("jobs").EnumerateArray(), found => found.GetProperty("job_id").GetString() == job);
        }

        var follows = stage.Nodes.Select(node => FollowAsync(node, job)).ToList();
        var waits = stage.Nodes.Select(node => WaitAsync(node, job)).ToList();
        await Task.WhenAll(waits);
        var url = (await stage.ApiOf(1).StatusAsync(job)).GetProperty("result").GetProperty("clone_url").GetString();
        Assert.All(await Task.WhenAll(stage.Nodes.Select((_, at) => stage.ApiOf(at).StatusAsync(job))), status => Assert.Equal(url, status.GetProperty("result").GetProperty("clone_url").GetString()));
        await AssertServesAsync(url!);

        await stage.ApiOf(2).RemoveAsync(job);
        var history = await Task.WhenAll(follows);
        Assert.Equal("removed", history[0][^1].Name);
        Assert.All(history, events => Assert.Equal(Enumerable.Range(1, events.Count).Select(n => (long)n), events.Select(e => e.Id)));
        Assert.All(history, events => Assert.Equal(history[0], events));
    }

    [Fact]
    public async Task The_jobs_of_a_node_that_is_killed_go_on_elsewhere()
    {
        var jobs = new List<string>();
        for (var n = 0; n < 3; n++) jobs.Add(await stage.ApiOf(n).RequestAsync(stage.Source.Site));
        var lost = await stage.RunsAsync(jobs[0], "ImportContent");

        await stage.Nodes[lost].KillAsync();
        var api = stage.ApiOf(ClusterStage.OtherThan(lost));
        await GoesOnAsync(api, jobs[0]);

        foreach (var job in jobs)
        {
            await CompletedAsync(api, job);
            await KillTests.AssertOnceAsync(stage.Nodes[lost], job);
            Assert.Single(Traces.Masters(job));
        }

        await stage.Nodes[lost].StartAsync();
        Assert.Equal("completed", (await stage.ApiOf(lost).StatusAsync(jobs[0])).GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_node_that_freezes_is_passed_over_and_does_no_harm_when_it_thaws()
    {
        var job = await stage.ApiOf(0).RequestAsync(stage.Source.Site);
        var frozen = await stage.RunsAsync(job, "ImportContent");

        await stage.Nodes[frozen].SignalAsync("STOP");
        var api = stage.ApiOf(ClusterStage.OtherThan(frozen));
        await GoesOnAsync(api, job);
        var served = await CompletedAsync(api, job);
        IReadOnlyList<(long Version, string Name)> before = [];
        await Eventually.Until("the event log has it all", async () => (before = await HistoryAsync(job)).Any(e => e.Name == "crawled.v1"), CloneApi.Patience);
        await stage.Nodes[frozen].SignalAsync("CONT");

        Assert.Equal(PutOut, await stage.Nodes[frozen].WaitForEndAsync(TimeSpan.FromSeconds(60)));
        Assert.Equal(before, await HistoryAsync(job));
        Assert.Single(Traces.Masters(job));
        await AssertServesAsync(served.GetProperty("result").GetProperty("clone_url").GetString()!);
        await stage.Nodes[frozen].StartAsync();
    }

    [Fact]
    public async Task A_node_that_stops_in_order_hands_its_jobs_over_and_nobody_notices()
    {
        var jobs = new List<string>();
        for (var n = 0; n < 3; n++) jobs.Add(await stage.ApiOf(n).RequestAsync(stage.Source.Site));
        var going = await stage.RunsAsync(jobs[0], "ImportContent");
        var api = stage.ApiOf(ClusterStage.OtherThan(going));

        await stage.Nodes[going].SignalAsync("TERM");
        var end = stage.Nodes[going].WaitForEndAsync(CloneApi.Patience);
        do jobs.Add(await api.RequestAsync(stage.Source.Site));
        while (!end.IsCompleted && jobs.Count < 6);

        Assert.Equal(0, await end);
        foreach (var job in jobs) await CompletedAsync(api, job);
        foreach (var job in jobs) Assert.DoesNotContain(await HistoryAsync(job), e => e.Name.StartsWith("job_failed", StringComparison.Ordinal));
        await stage.Nodes[going].StartAsync();
    }

    /// <summary>Another attempt, or another step, has begun. How soon is told, not judged: other programs share the machine.</summary>
    private async Task GoesOnAsync(CloneApi api, string job)
    {
        var started = TimeProvider.System.GetTimestamp();
        var before = await HistoryAsync(job);
        await Eventually.Until(
            $"{job} goes on", async () => (await HistoryAsync(job)).Count > before.Count || await IsCompletedAsync(api, job), CloneApi.Patience);
        output.WriteLine($"{job} went on after {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0.0} s.");
    }

    private static async Task<JsonElement> CompletedAsync(CloneApi api, string job)
    {
        await Eventually.Until($"{job} is completed", () => IsCompletedAsync(api, job), CloneApi.Patience);
        return await api.StatusAsync(job);
    }

    /// <summary>While jobs move from a node to another they may be answered for with 503, as the API says.</summary>
    private static async Task<bool> IsCompletedAsync(CloneApi api, string job)
    {
        try
        {
            var told = await api.StatusAsync(job);
            var status = told.GetProperty("status").GetString();
            Assert.True(status != "failed", $"{told}");
            return status == "completed";
        }
        catch (HttpRequestException e) when (e.StatusCode is HttpStatusCode.ServiceUnavailable)
        {
            return false;
        }
    }

    private Task<IReadOnlyList<(long Version, string Name)>> HistoryAsync(string job) => Traces.HistoryAsync(stage.Nodes[0].PostgreSql, job);

    private static async Task WaitAsync(HostProcess node, string job)
    {
        string? seen = null;
        await Eventually.Until(
            $"{job} is completed at {node.Address}",
            async () =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"api/v2/job-status/{job}", UriKind.Relative));
                request.Headers.Add("Prefer", "wait=10");
                if (seen is not null) request.Headers.TryAddWithoutValidation("If-None-Match", seen);
                using var answer = await node.Client.SendAsync(request);
                seen = answer.Headers.ETag?.ToString() ?? seen;
                return answer.StatusCode == HttpStatusCode.OK
                    && JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("status").GetString() == "completed";
            },
            CloneApi.Patience);
    }

    private static async Task<List<(long Id, string Name)>> FollowAsync(HostProcess node, string job)
    {
        using var patience = new CancellationTokenSource(CloneApi.Patience, TimeProvider.System);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"api/v2/jobs/{job}/events", UriKind.Relative));
        using var answer = await node.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var seen = new List<(long, string)>();
        await foreach (var e in SseParser.Create(await answer.Content.ReadAsStreamAsync(patience.Token)).EnumerateAsync(patience.Token))
        {
            if (e.EventType != "progress") seen.Add((long.Parse(e.EventId!, CultureInfo.InvariantCulture), e.EventType));
        }

        return seen;
    }

    private static async Task AssertServesAsync(string url)
    {
        using var client = LoopbackHttp.CreateClient();

        // The door may not have noticed yet that a node has ended; it says so, and asks to come again.
        await Eventually.Until($"{url} serves", async () =>
        {
            using var page = await client.GetAsync(new Uri(url));
            Assert.True(page.StatusCode is HttpStatusCode.OK or HttpStatusCode.ServiceUnavailable, $"{page.StatusCode}");
            return page.StatusCode is HttpStatusCode.OK;
        });
    }
}
