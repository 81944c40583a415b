using System.Globalization;
using System.Net;
using System.Text.Json;
using CloneHub.Dev;
using CloneHub.Kube.Tests.Cluster;
using CloneHub.Testing;
using k8s;
using k8s.Models;
using Npgsql;
using Xunit.Abstractions;

namespace CloneHub.Kube.Tests.InCluster;

/// <summary>CloneHub as pods of a cluster: three members of core, two workers and their stores, by the overlay of one machine.</summary>
[Collection(KubeCluster.Collection)]
[Trait("Needs", "kube")]
[Trait("Takes", "long")]
public sealed class InClusterTests(InstalledCloneHub installed, ITestOutputHelper output) : IClassFixture<InstalledCloneHub>
{
    /// <summary>A step may fail twice before its job does, and one whose worker is killed in the middle may leave the source as nobody can go on from.</summary>
    private const int MostFailed = 1;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [NodeFact]
    public async Task The_overlay_brings_up_three_members_and_two_workers_of_one_cluster()
    {
        var (core, workers) = (await installed.PodsAsync("core"), await installed.PodsAsync("worker"));
        Assert.Equal((3, 2), (core.Count, workers.Count));

        foreach (var pod in core.Concat(workers))
        {
            var (status, body) = await AskAsync(pod, "/health/ready");
            Assert.True(status == HttpStatusCode.OK && body.GetProperty("status").GetString() == "healthy", $"{pod.Metadata.Name}: {body}");
        }

        // Only in one cluster do all members know the slots of both workers.
        await Eventually.Until("every member counts both workers", async () => (await Task.WhenAll(core.Select(pod => AskAsync(pod, "/queue")))).All(answer => Number(answer.Body, "workers") == 2), Patience);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"all ready {installed.TimeToReady.TotalSeconds:0} s after apply"));
    }

    [NodeFact]
    public async Task A_clone_that_is_asked_for_at_the_Service_serves_through_CloneHubs_own_door()
    {
        await using var customers = new Customers(installed);
        var started = TimeProvider.System.GetTimestamp();
        await customers.OrderAsync();
        var job = Assert.Single(await customers.AllOverAsync());
        Assert.True(job.GetProperty("status").GetString() == "completed", job.ToString());
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"POST to completed: {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0.0} s"));

        Assert.True(await ShowsAsync(job.GetProperty("result").GetProperty("clone_url").GetString()!));
        Assert.Empty(customers.BadAnswers);
    }

    [NodeFact]
    public async Task A_rolling_update_loses_no_job_and_no_customer_gets_an_answer_that_asks_for_no_patience()
    {
        await using var customers = new Customers(installed);
        await customers.OrderAsync();
        await customers.OrderAsync();
        var before = (await installed.PodsAsync()).Select(pod => pod.Metadata.Uid).ToHashSet();

        await installed.KubectlAsync("rollout", "restart", "--namespace", InstalledCloneHub.Space, "statefulset/core", "deployment/worker");
        await Eventually.Until("a member is a new one", async () => (await installed.PodsAsync("core")).Any(pod => !before.Contains(pod.Metadata.Uid)), Patience);
        await customers.OrderAsync();
        await Eventually.Until(
            "all members and workers are new ones",
            async () => (await installed.PodsAsync("core")).Concat(await installed.PodsAsync("worker")).ToList() is { Count: 5 } pods
                && pods.All(pod => !before.Contains(pod.Metadata.Uid) && InstalledCloneHub.IsReady(pod)),
            TimeSpan.FromMinutes(10));
        await customers.OrderAsync();

        Check(await customers.AllOverAsync(), customers, mostFailed: 0);
    }

    [NodeFact]
    public async Task Jobs_go_on_when_a_member_and_the_worker_that_does_a_step_are_killed()
    {
        await using var customers = new Customers(installed);
        var job = await customers.OrderAsync();
        await customers.OrderAsync();
        var address = await Eventually.Get("a worker does a step", () => WorkerOfAsync(job), Patience);
        var worker = (await installed.PodsAsync("worker")).Single(pod => address.Contains($"@{pod.Status.PodIP}:", StringComparison.Ordinal));

        await KillAsync(worker.Metadata.Name);
        await KillAsync("core-0");
        await customers.OrderAsync();

        Check(await customers.AllOverAsync(), customers);
        await installed.AllReadyAsync();
    }

    [NodeFact]
    public async Task Nothing_is_lost_when_the_node_loses_its_power_and_clones_serve_again()
    {
        await using var customers = new Customers(installed);
        var served = await customers.OrderAsync();
        await Eventually.Until("it serves", async () => Status(await customers.StatusAsync(served)) == "completed", Patience);
        var job = await customers.OrderAsync();
        await customers.OrderAsync();
        await Eventually.Get("a worker does a step", () => WorkerOfAsync(job), Patience);

        await installed.CutPowerAsync();
        await customers.OrderAsync();

        Check(await customers.AllOverAsync(), customers);
        await installed.AllReadyAsync();
        var url = (await customers.StatusAsync(served))!.Value.GetProperty("result").GetProperty("clone_url").GetString();
        await Eventually.Until("the clone of before serves", async () => await ShowsAsync(url!), Patience);
    }

    [NodeTheory]
    [InlineData("redis-0", "redis-server", "redis", "Redis does not answer", HttpStatusCode.ServiceUnavailable)]
    [InlineData("postgresql-0", "postgres", "postgresql", "PostgreSQL does not answer", HttpStatusCode.OK)]
    [InlineData("clone-db-0", "mariadbd", "backend", "MariaDB does not answer", HttpStatusCode.OK)]
    public async Task Readiness_names_the_store_that_is_silent(string store, string program, string check, string reason, HttpStatusCode expected)
    {
        var member = (await installed.PodsAsync("core"))[0];
        var pod = (await installed.PodsAsync()).Single(pod => pod.Metadata.Name == store);
        await installed.SignalAsync(pod, program, "STOP");
        try
        {
            await NamesAsync(member, check, reason, expected);
        }
        finally
        {
            await installed.SignalAsync(pod, program, "CONT");
        }

        await HealthyAsync(member);
    }

    [NodeFact]
    public async Task Readiness_names_the_right_that_was_taken_away()
    {
        var member = (await installed.PodsAsync("core"))[0];
        await installed.KubectlAsync("delete", "rolebinding", "clonehub-clones-exec", "--namespace", InstalledCloneHub.ClonesSpace);
        await NamesAsync(member, "backend", "may not: get pods/exec, create pods/exec", HttpStatusCode.OK);

        await installed.KubectlAsync("apply", "--filename", Repository.Path("infra", "k8s", "base", "rbac", "clones-exec-role-binding.yaml"));
        await HealthyAsync(member);
    }

    private static Task NamesAsync(V1Pod pod, string check, string reason, HttpStatusCode expected) => Eventually.Until(
        $"{pod.Metadata.Name} says \"{reason}\"",
        async () => await AskAsync(pod, "/health/ready") is var (status, body) && status == expected
            && body.GetProperty("checks").GetProperty(check).GetProperty("reason").GetString()!.Contains(reason, StringComparison.Ordinal),
        Patience);

    private static Task HealthyAsync(V1Pod pod) => Eventually.Until(
        $"{pod.Metadata.Name} is healthy again", async () => (await AskAsync(pod, "/health/ready")).Body.GetProperty("status").GetString() == "healthy", Patience);

    private static async Task<(HttpStatusCode Status, JsonElement Body)> AskAsync(V1Pod pod, string path)
    {
        using var http = new HttpClient();
        using var answer = await http.GetAsync(new Uri($"http://{pod.Status.PodIP}:8080{path}"));
        return (answer.StatusCode, JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement);
    }

    /// <summary>Whether a clone shows its home page, which must not lead to the source.</summary>
    private async Task<bool> ShowsAsync(string address)
    {
        using var visitor = installed.NewClient();
        visitor.DefaultRequestHeaders.Authorization = null;
        using var answer = await visitor.GetAsync(new Uri(address));
        var page = await answer.Content.ReadAsStringAsync();
        Assert.DoesNotContain(installed.Site.Url.Authority, page, StringComparison.Ordinal);
        return answer.IsSuccessStatusCode && page.Contains("<title>", StringComparison.Ordinal);
    }

    private static string? Status(JsonElement? job) => job?.GetProperty("status").GetString();

    private static int? Number(JsonElement body, string name) => body.TryGetProperty(name, out var value) ? value.GetInt32() : null;

    private void Check(IReadOnlyList<JsonElement> over, Customers customers, int mostFailed = MostFailed)
    {
        output.WriteLine(customers.Figures);
        foreach (var job in over.Where(job => job.GetProperty("status").GetString() != "completed")) output.WriteLine(job.ToString());
        Assert.Empty(customers.BadAnswers);
        Assert.Equal(customers.Jobs.Order(StringComparer.Ordinal), over.Select(job => job.GetProperty("job_id").GetString()).Order(StringComparer.Ordinal));
        Assert.InRange(over.Count(job => job.GetProperty("status").GetString() != "completed"), 0, mostFailed);
    }

    private Task<string> KillAsync(string pod) => installed.KubectlAsync("delete", "pod", pod, "--namespace", InstalledCloneHub.Space, "--grace-period=0", "--force", "--wait=false");

    /// <summary>Address of the node that the newest step of a job was given to.</summary>
    private async Task<string?> WorkerOfAsync(string job)
    {
        var secret = await installed.Admin.CoreV1.ReadNamespacedSecretAsync("clonehub-secrets", InstalledCloneHub.Space);
        var server = await installed.Admin.CoreV1.ReadNamespacedServiceAsync("postgresql", InstalledCloneHub.Space);
        var connection = new NpgsqlConnectionStringBuilder(System.Text.Encoding.UTF8.GetString(secret.Data["postgresql"])) { Host = server.Spec.ClusterIP, Pooling = false };
        await using var events = new NpgsqlConnection(connection.ConnectionString);
        await events.OpenAsync();
        await using var query = new NpgsqlCommand("select data->>'node' from clonehub.mt_events where stream_id = $1 and type like 'step_started%' order by version desc limit 1", events);
        query.Parameters.Add(new NpgsqlParameter { Value = job });
        return await query.ExecuteScalarAsync() as string;
    }
}
