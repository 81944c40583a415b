using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text.Json;
using CloneHub.Testing;

namespace CloneHub.Host.Tests;

[Trait("Needs", "servers")]
public sealed class FollowJobTests(TwoTenants tenants) : IClassFixture<TwoTenants>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private RunningHost Host => tenants.Host;

    [Fact]
    public async Task A_job_is_followed_from_its_first_event_to_its_end()
    {
        var job = (await tenants.WaitingAsync())["job_id"];
        using var stream = await OpenAsync(job);
        var events = stream.ReadAsync().GetAsyncEnumerator();
        Assert.True(await events.MoveNextAsync());
        Assert.Equal(("1", "clone_requested"), (events.Current.EventId, events.Current.EventType));

        await RemoveAsync(job);
        var rest = new List<SseItem<string>>();
        while (await events.MoveNextAsync()) rest.Add(events.Current);

        Assert.Equal(["cancel_requested", "cancelled"], rest.Where(e => e.EventType != "progress").Select(e => e.EventType));
        Assert.Equal("cancelled", JsonElement.Parse(rest[^1].Data).GetProperty("status").GetString());
    }

    [Fact]
    public async Task What_is_told_of_an_event_holds_its_facts_and_nothing_of_ours()
    {
        var job = (await tenants.WaitingAsync())["job_id"];
        await RemoveAsync(job);

        var first = (await AllAsync(job))[0];

        var told = JsonElement.Parse(first.Data);
        Assert.Equal((job, "pending", "acme", 30, "full"), (
            told.GetProperty("job_id").GetString(), told.GetProperty("status").GetString(), told.GetProperty("customer_id").GetString(),
            told.GetProperty("ttl_minutes").GetInt32(), told.GetProperty("fidelity").GetString()));
        foreach (var ours in (string[])["tenant", "hash", "fence", "node", "password", "correct horse", "null"]) Assert.DoesNotContain(ours, first.Data, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Last-Event-ID", "")]
    [InlineData(null, "?last_event_id=1")]
    [InlineData("Last-Event-ID", "?last_event_id=2")]
    public async Task A_client_that_comes_again_gets_what_it_has_missed(string? header, string query)
    {
        var job = (await tenants.WaitingAsync())["job_id"];
        await RemoveAsync(job);
        Assert.Equal(["1", "2", "3"], (await AllAsync(job)).Select(e => e.EventId));

        Assert.Equal(["2", "3"], (await AllAsync(job, query, headers => Add(headers, header, "1"))).Select(e => e.EventId));
    }

    [Fact]
    public async Task Who_has_all_events_of_a_job_that_is_over_is_told_not_to_come_again()
    {
        var job = (await tenants.WaitingAsync())["job_id"];
        await RemoveAsync(job);
        await AllAsync(job);

        Assert.Equal(204, (await Host.GetAsync($"/api/v2/jobs/{job}/events?last_event_id=3", tenants.Red)).Status);
    }

    [Fact]
    public async Task One_key_holds_fifty_streams_open_and_is_told_when_to_come_again()
    {
        var job = (await tenants.WaitingAsync(tenants.Blue))["job_id"];
        var path = $"/api/v2/jobs/{job}/events";
        var streams = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => EventStream.OpenAsync(Host.Client, path, tenants.Blue, Patience)));

        var refused = await Host.GetAsync(path, tenants.Blue);
        refused.IsProblem(429, "TOO_MANY_OPEN");
        Assert.Equal(TimeSpan.FromSeconds(10), refused.Headers.RetryAfter?.Delta);
        Assert.Equal(200, (await Host.GetAsync($"/api/v2/job-status/{job}", tenants.Blue)).Status);

        await Host.SendAsync(HttpMethod.Delete, $"/api/v2/jobs/{job}", headers: tenants.Blue);
        await Eventually.Until("there is room again", async () => (await Host.GetAsync($"{path}?last_event_id=3", tenants.Blue)).Status == 204);
        foreach (var stream in streams) stream.Dispose();
    }

    [Fact]
    public async Task A_job_of_another_tenant_is_not_found()
    {
        var job = (await tenants.WaitingAsync())["job_id"];

        (await Host.GetAsync($"/api/v2/jobs/{job}/events", tenants.Blue)).IsProblem(404, "JOB_NOT_FOUND");
        (await Host.GetAsync("/api/v2/jobs/job-mfrggzdfmztwq2lknnwg23tpoa/events", tenants.Red)).IsProblem(404, "JOB_NOT_FOUND");
        (await Host.GetAsync("/api/v2/jobs/job-1/events", tenants.Red)).IsProblem(404, "JOB_NOT_FOUND");
        (await Host.GetAsync($"/api/v2/jobs/{job}/events")).IsProblem(401, "API_KEY_REQUIRED");
    }

    [Theory]
    [InlineData("x")]
    [InlineData("-1")]
    [InlineData("2")]
    [InlineData("99999999999999999999")]
    public async Task A_number_that_is_none_is_refused(string id)
    {
        var job = (await tenants.WaitingAsync())["job_id"];

        (await Host.GetAsync($"/api/v2/jobs/{job}/events?last_event_id={id}", tenants.Red)).IsProblem(400, "VALIDATION_FAILED");
        var byHeader = await Host.GetAsync($"/api/v2/jobs/{job}/events", headers => Add(headers, "Last-Event-ID", id));
        Assert.True(byHeader.IsProblem(400, "VALIDATION_FAILED").Json.GetProperty("errors").TryGetProperty("Last-Event-ID", out _));
    }

    private Task<Answer> RemoveAsync(string job) => Host.SendAsync(HttpMethod.Delete, $"/api/v2/jobs/{job}", headers: tenants.Red);

    private async Task<IReadOnlyList<SseItem<string>>> AllAsync(string job, string query = "", Action<HttpRequestHeaders>? headers = null)
    {
        using var stream = await OpenAsync(job, query, headers);
        var events = new List<SseItem<string>>();
        await foreach (var e in stream.ReadAsync())
        {
            if (e.EventType != "progress") events.Add(e);
        }

        return events;
    }

    private Task<EventStream> OpenAsync(string job, string query = "", Action<HttpRequestHeaders>? headers = null) =>
        EventStream.OpenAsync(Host.Client, $"/api/v2/jobs/{job}/events{query}", (headers ?? (_ => { })) + tenants.Red, Patience);

    private void Add(HttpRequestHeaders headers, string? name, string value)
    {
        tenants.Red(headers);
        if (name is not null) headers.Add(name, value);
    }
}

/// <summary>Server-sent events as a client reads them.</summary>
internal sealed class EventStream(HttpResponseMessage response, CancellationTokenSource end) : IDisposable
{
    public static async Task<EventStream> OpenAsync(HttpClient client, string path, Action<HttpRequestHeaders> headers, TimeSpan patience)
    {
        var end = new CancellationTokenSource(patience, TimeProvider.System);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        headers(request.Headers);
        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, end.Token);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return new EventStream(response, end);
    }

    public async IAsyncEnumerable<SseItem<string>> ReadAsync()
    {
        await foreach (var e in SseParser.Create(await response.Content.ReadAsStreamAsync(end.Token)).EnumerateAsync(end.Token)) yield return e;
    }

    public void Dispose()
    {
        response.Dispose();
        end.Dispose();
    }
}
