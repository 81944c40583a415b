using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using CloneHub.Testing;
using YamlDotNet.Serialization;

namespace CloneHub.Host.Tests;

/// <summary>The queue as its callers and its scaler see it.</summary>
[Trait("Needs", "servers")]
public sealed class QueueTests(TwoTenants tenants) : IClassFixture<TwoTenants>
{
    [Fact]
    public async Task Whoever_scales_the_workers_reads_the_depth_where_the_manifest_looks_for_it()
    {
        var waiting = await tenants.WaitingAsync();

        var queue = await tenants.Host.GetAsync("/queue");

        Assert.Equal(200, queue.Status);
        Assert.True(queue.Json.GetProperty(ValueLocation()).GetInt32() >= 1, queue.Text);
        Assert.Equal((1, 1, 1), (queue.Json.GetProperty("building").GetInt32(), queue.Json.GetProperty("slots").GetInt32(), queue.Json.GetProperty("workers").GetInt32()));
        Assert.True(queue.Json.GetProperty("oldest_age_seconds").GetDouble() >= 0);
        Assert.All(queue.Json.EnumerateObject(), figure => Assert.Equal(JsonValueKind.Number, figure.Value.ValueKind));
        Assert.Equal("1", waiting.Json.GetProperty("queue_position").GetRawText());
        await CancelAsync((waiting, tenants.Red));
    }

    [Fact]
    public async Task One_tenants_jobs_do_not_put_the_others_back_for_more_than_a_turn()
    {
        var many = new List<Answer>();
        while (many.Count < 5) many.Add(await tenants.WaitingAsync());

        // It has had a turn, for the job that holds the slot: the other one has that as well, and of the next turn the first.
        var other = await tenants.WaitingAsync(tenants.Blue);

        Assert.InRange(other.Json.GetProperty("queue_position").GetInt32(), 1, 3);
        await CancelAsync([(other, tenants.Blue), .. many.Select(job => (job, tenants.Red))]);
    }

    [Fact]
    public async Task Bulk_waits_behind_what_somebody_waits_for()
    {
        var bulk = await tenants.WaitingAsync(tenants.Blue, new { source_url = Requests.PublicSource, priority = "bulk" });
        var before = bulk.Json.GetProperty("queue_position").GetInt32();

        var interactive = await tenants.WaitingAsync(tenants.Blue);

        await Eventually.Until("it is put back", async () => (await tenants.Host.GetAsync(bulk["status_url"], tenants.Blue)).Json.GetProperty("queue_position").GetInt32() > before);
        await CancelAsync((bulk, tenants.Blue), (interactive, tenants.Blue));
    }

    /// <summary>Leaves the queue to the next test as this one found it.</summary>
    private async Task CancelAsync(params (Answer Job, Action<HttpRequestHeaders> Key)[] jobs)
    {
        foreach (var (job, key) in jobs) await tenants.Host.SendAsync(HttpMethod.Delete, $"/api/v2/jobs/{job["job_id"]}", headers: key);
        await Eventually.Until("nobody waits", async () => (await tenants.Host.GetAsync("/queue")).Json.GetProperty("depth").GetInt32() == 0);
    }

    private static string ValueLocation()
    {
        var scaler = new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(File.ReadAllText(Approved.PathOf("infra/k8s/base/worker/scaled-object.yaml")));
        var trigger = Monitoring.Map(((List<object>)Monitoring.Map(scaler["spec"])["triggers"]).Single());
        return (string)Monitoring.Map(trigger["metadata"])["valueLocation"];
    }
}

/// <summary>What is too much is refused before it is accepted.</summary>
[Trait("Needs", "servers")]
public sealed class QueueLimitTests(ServersFixture servers) : IClassFixture<ServersFixture>
{
    [Fact]
    public async Task A_tenant_with_too_many_open_jobs_is_told_when_to_come_back_and_what_it_has_stays()
    {
        await using var host = await RunningHost.StartAsync(servers, new Dictionary<string, string> { ["CloneHub:Queue:MaxOpenPerTenant"] = "1" });
        var first = await host.PostAsync(Requests.Valid());
        Assert.Equal(202, first.Status);

        var refused = (await host.PostAsync(Requests.Valid())).IsProblem(429, "TOO_MANY_JOBS");

        Assert.Equal("30", refused.Headers.RetryAfter!.ToString());
        Assert.Equal(1, await host.AcceptedJobsAsync());
        Assert.Equal(200, (await host.GetAsync(first["status_url"])).Status);
    }

    [Fact]
    public async Task A_full_queue_refuses_everybody_until_there_is_room()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var host = await RunningHost.StartAsync(
            servers, new Dictionary<string, string> { ["CloneHub:Queue:MaxWaiting"] = "1", ["CloneHub:Slots"] = "1", ["CloneHub:AllowLoopbackSources"] = "true" });
        var first = await host.PostAsync(Requests.Valid($"http://{silent.LocalEndpoint}/"));
        await Eventually.Until("the slot is taken", async () => await host.GetAsync("/queue") is { Status: 200 } queue && queue.Json.GetProperty("building").GetInt32() == 1);
        var second = await host.PostAsync(Requests.Valid());
        Assert.Equal((202, 202), (first.Status, second.Status));

        var refused = (await host.PostAsync(Requests.Valid())).IsProblem(503, "QUEUE_FULL");

        Assert.Equal("30", refused.Headers.RetryAfter!.ToString());
        await host.SendAsync(HttpMethod.Delete, $"/api/v2/jobs/{second["job_id"]}");
        await Eventually.Until("there is room", async () => (await host.PostAsync(Requests.Valid())).Status == 202);
    }
}
