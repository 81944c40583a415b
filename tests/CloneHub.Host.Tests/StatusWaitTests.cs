using System.Diagnostics;
using System.Net.Http.Headers;

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
        var changed = await waiting;

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

        Assert.Equal("cancelled", (await waiting)["status"]);
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

    private void Prefer(HttpRequestHeaders headers, string preference, Answer? seen = null)
    {
        tenants.Red(headers);
        headers.Add("Prefer", preference);
        if (seen is not null) headers.IfNoneMatch.Add(seen.Headers.ETag!);
    }
}
