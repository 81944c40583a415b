using System.Globalization;
using System.Net;
using System.Net.ServerSentEvents;
using CloneHub.Testing;

namespace CloneHub.EndToEnd.Tests;

/// <summary>A client that follows a job through crashes of the Host, and comes again each time with the last number it has seen.</summary>
[Trait("Needs", "servers")]
[Collection("faults")]
public sealed class FollowTests(SourceSiteFixture fixture) : IClassFixture<SourceSiteFixture>
{
    private static readonly string[] KilledAt = ["started", "pod_ready", "content_imported", "cancel_requested"];

    [Fact]
    public async Task A_job_is_followed_through_crashes_without_gap_or_repeat()
    {
        await using var host = await HostProcess.StartAsync(fixture.Servers);
        var api = new CloneApi(host);
        var job = await api.RequestAsync(fixture.Site);
        var seen = new List<(long Id, string Name)>();
        var kills = 0;
        while (await FollowAsync(host, job, seen))
        {
            if (KilledAt.Contains(seen[^1].Name))
            {
                kills++;
                await host.KillAsync();
                await host.StartAsync();
            }
            else if (seen[^1].Name == "ingress_ready")
            {
                await api.RemoveAsync(job);
            }
        }

        Assert.Equal(KilledAt.Length, kills);
        Assert.Equal("removed", seen[^1].Name);
        Assert.Equal(Enumerable.Range(1, seen.Count).Select(n => (long)n), seen.Select(e => e.Id));
        await Eventually.Until("the event log has the end", async () => (await Traces.HistoryAsync(host.PostgreSql, job)).Count == seen.Count);
        Assert.Equal((await Traces.HistoryAsync(host.PostgreSql, job)).Select(e => (e.Version, e.Name.Split('.')[0])), seen);
    }

    /// <summary>Reads on until something has to be done or the Host is gone; false once the job is over.</summary>
    private static async Task<bool> FollowAsync(HostProcess host, string job, List<(long Id, string Name)> seen)
    {
        using var patience = new CancellationTokenSource(CloneApi.Patience, TimeProvider.System);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"api/v2/jobs/{job}/events", UriKind.Relative));
        if (seen.Count > 0) request.Headers.Add("Last-Event-ID", seen[^1].Id.ToString(CultureInfo.InvariantCulture));
        using var answer = await host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
        if (answer.StatusCode == HttpStatusCode.NoContent) return false;
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await foreach (var e in SseParser.Create(await answer.Content.ReadAsStreamAsync(patience.Token)).EnumerateAsync(patience.Token))
        {
            if (e.EventType == "progress") continue;
            Assert.NotEqual("job_failed", e.EventType);
            seen.Add((long.Parse(e.EventId!, CultureInfo.InvariantCulture), e.EventType));
            if (KilledAt.Contains(e.EventType) || e.EventType == "ingress_ready") return true;
        }

        return true;
    }
}
