using System.Diagnostics;
using System.Net.Http.Headers;
using CloneHub.Testing;

namespace CloneHub.Host.Tests;

/// <summary>Callers that would rather wait than ask again.</summary>
[Trait("Needs", "servers")]
public sealed class StatusWaitTests(TwoTenants tenants) : IClassFixture<TwoTenants>
{
    private RunningHost Host => tenants.Host;

    [Fact]
    public async Task The_answer_comes_when_the_job_changes()
    {
        var status = await tenants.WaitingAsync();
        var clock = Stopwatch.StartNew();

        var waiting = Host.GetAsync(status["status_url"], headers => Prefer(headers, "wait=60", status));
        await Host.SendAsync(HttpMethod.Delete, $"/api/v2/jobs/{status["job_id"]}", headers: tenants.Red);
        var changed = await NoLongerPendingAsync(await waiting);

        Assert.Equal((200, "cancelled"), (changed.Status, changed["status"]));
        Assert.Equal("wait=60", changed.Headers.GetValues("Preference-Applied").Single());
        Assert.NotEqual(status.Headers.ETag, changed.Headers.ETag);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), $"It took {clock.Elapsed}.");
    }

    [Fact]
    public async Task Without_a_state_that_was_seen_the_next_change_is_awaited()
    {
        var status = await tenants.WaitingAsync();

        var waiting = Host.GetAsync(status["status_url"], headers => Prefer(headers, "wait=60"));
        await Host.SendAsync(HttpMethod.Delete, $"/api/v2/jobs/{status["job_id"]}", headers: tenants.Red);

        Assert.Equal("cancelled", (await NoLongerPendingAsync(await waiting))["status"]);
    }

    [Fact]
    public async Task Without_a_change_the_answer_comes_when_the_time_is_over()
    {
        var status = await tenants.WaitingAsync();
        var clock = Stopwatch.StartNew();

        var same = await Host.GetAsync(status["status_url"], headers => Prefer(headers, "wait=1", status));

        Assert.Equal((304, "wait=1"), (same.Status, same.Headers.GetValues("Preference-Applied").Single()));
        Assert.True(clock.Elapsed >= TimeSpan.FromSeconds(0.9), $"It took {clock.Elapsed}.");
        Assert.Equal(200, (await Host.GetAsync(status["status_url"], headers => Prefer(headers, "wait=1"))).Status);
    }

    [Fact]
    public async Task A_preference_that_cannot_be_read_is_passed_over()
    {
        var status = await tenants.WaitingAsync();

        var answer = await Host.GetAsync(status["status_url"], headers => Prefer(headers, "wait=soon, respond-async", status));

        Assert.False(answer.Headers.Contains("Preference-Applied"));
        Assert.Equal(304, answer.Status);
    }

    [Fact]
    public async Task Nobody_waits_for_a_job_of_another_tenant() => (await Host.GetAsync((await tenants.WaitingAsync())["status_url"], headers =>
    {
        tenants.Blue(headers);
        headers.Add("Prefer", "wait=60");
    })).IsProblem(404, "JOB_NOT_FOUND");

    [Fact]
    public async Task One_key_has_fifty_requests_wait_and_the_next_ones_are_told_when_to_come_again()
    {
        var others = await tenants.WaitingAsync(tenants.Blue);
        var status = await tenants.WaitingAsync();
        var asked = Enumerable.Range(0, 60).Select(_ => Host.GetAsync(status["status_url"], headers => Prefer(headers, "wait=60", status))).ToList();
        await Eventually.Until("ten are refused", () => asked.Count(request => request.IsCompleted) == 10);

        foreach (var refused in await Task.WhenAll(asked.Where(request => request.IsCompleted)))
            Assert.Equal(TimeSpan.FromSeconds(10), refused.IsProblem(429, "TOO_MANY_OPEN").Headers.RetryAfter?.Delta);
        Assert.Equal(200, (await Host.GetAsync(status["status_url"], tenants.Red)).Status);
        Assert.Equal(200, (await Host.GetAsync(others["status_url"], headers => Prefer(headers, "wait=1", by: tenants.Blue))).Status);

        await Host.SendAsync(HttpMethod.Delete, $"/api/v2/jobs/{status["job_id"]}", headers: tenants.Red);
        Assert.Equal(50, (await Task.WhenAll(asked)).Count(answer => answer.Status == 200 && answer["status"] == "cancelled"));
        Assert.Equal(200, (await Host.GetAsync(status["status_url"], headers => Prefer(headers, "wait=60", status))).Status);
    }

    /// <summary>Its place in the queue is a change as well, and others leave the queue before it.</summary>
    private async Task<Answer> NoLongerPendingAsync(Answer next)
    {
        while (next["status"] == "pending")
        {
            var seen = next;
            next = await Host.GetAsync(seen["status_url"], headers => Prefer(headers, "wait=60", seen));
        }

        return next;
    }

    private void Prefer(HttpRequestHeaders headers, string preference, Answer? seen = null, Action<HttpRequestHeaders>? by = null)
    {
        (by ?? tenants.Red)(headers);
        headers.Add("Prefer", preference);
        if (seen is not null) headers.IfNoneMatch.Add(seen.Headers.ETag!);
    }
}
