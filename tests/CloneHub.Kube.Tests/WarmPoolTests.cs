using System.Globalization;
using CloneHub.Contracts;
using CloneHub.Kube.Tests.Cluster;
using CloneHub.Provisioning;
using CloneHub.Provisioning.Database;
using CloneHub.Provisioning.Kubernetes.Manifests;
using CloneHub.Provisioning.Tests;
using CloneHub.Testing;
using MySqlConnector;
using Xunit.Abstractions;

namespace CloneHub.Kube.Tests;

[Collection(KubeCluster.Collection)]
[Trait("Needs", "kube")]
public sealed class WarmPoolTests(KubeCluster cluster, ITestOutputHelper output)
{
    [KubeFact]
    public async Task A_claim_makes_a_ready_pod_the_jobs_and_the_removal_leaves_nothing_of_it()
    {
        await using var stage = await StageAsync(size: 1);
        var waiting = Assert.Single(await stage.FillPoolAsync()).Name;
        var pod = stage.View.StateOf(waiting).ReadyPod!.Metadata.Uid;
        Assert.DoesNotContain(await stage.Backend.ListAsync(default), clone => clone.Job == waiting);
        Assert.Null(stage.View.AnchorOf(waiting)!.Owner);

        var order = stage.NewOrder();
        var end = stage.Deadlines[order.Job] = TimeProvider.System.GetUtcNow().AddHours(1);
        await StartAsync(stage, order);
        await stage.Backend.OpenRouteAsync(order.Token(CloneStep.OpenIngress, 3), order, default);
        await Eventually.Until("the claim is heard of", () => stage.InstanceOf(order) == waiting);
        var state = stage.View.StateOf(waiting);
        Assert.Equal(pod, state.ReadyPod!.Metadata.Uid);
        Assert.Equal((order.Job.Value, "tenant", AnchorManifest.Text(end)), (state.Anchor!.Owner?.Value, state.Anchor.Tenant, AnchorManifest.Text(state.Anchor.Expires)));
        Assert.Equal(order.Job.Value, state.Route!.Metadata.Labels[CloneLabels.ClaimedBy]);
        Assert.Equal(waiting.Value, await stage.VisitAsync(order));
        Assert.Superset(
            new HashSet<string> { "anchor", "database", "deployment", "processes", "service", "route" },
            Assert.Single(await stage.Backend.ListAsync(default), clone => clone.Job == order.Job).Parts.ToHashSet());
        await LogInAsync(waiting, stage.Secrets.DatabasePassword);

        await stage.Backend.RemoveAsync(order.Token(CloneStep.Remove, 9), default);
        Assert.True(stage.View.StateOf(waiting).IsNothing);
        Assert.DoesNotContain(await stage.Backend.ListAsync(default), clone => clone.Job == order.Job || clone.Job == waiting);
        await Assert.ThrowsAsync<MySqlException>(() => LogInAsync(waiting, stage.Secrets.DatabasePassword));
    }

    /// <summary>The clones' MariaDB was set back: the row of an instance that serves is one of the pool's again.</summary>
    [KubeFact]
    public async Task An_instance_that_serves_a_job_is_neither_given_to_another_nor_removed_whatever_its_row_says()
    {
        await using var stage = await StageAsync(size: 1);
        var instance = Assert.Single(await stage.FillPoolAsync()).Name;
        var (owner, thief) = (stage.NewOrder(), stage.NewOrder());
        await StartAsync(stage, owner);
        await Eventually.Until("the claim is heard of", () => stage.InstanceOf(owner) == instance);

        await SetBackAsync(instance);
        await StartAsync(stage, thief);
        Assert.Equal(owner.Job, (await stage.Get<CloneInstances>().OwnerOfAsync(default))(instance));
        await Eventually.Until("the other one has a pod of its own", () => stage.View.AnchorOf(thief.Job) is not null);

        await SetBackAsync(instance);
        await Assert.ThrowsAsync<OvertakenException>(() => stage.Get<ICloneInventory>().RemoveOrphanAsync(instance, default));
        Assert.Equal(owner.Job, stage.View.StateOf(instance).Anchor!.Owner);
        Assert.NotNull(stage.View.StateOf(instance).ReadyPod);
        await LogInAsync(instance, stage.Secrets.DatabasePassword);
    }

    [KubeFact]
    public async Task Eight_claims_at_once_are_served_by_eight_pods_that_wait()
    {
        await using var stage = await StageAsync(size: 8);
        var pool = (await stage.FillPoolAsync()).Select(instance => instance.Name).ToHashSet();
        Assert.Equal(8, pool.Count);

        var orders = Enumerable.Range(0, 8).Select(_ => stage.NewOrder()).ToList();
        var started = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(orders.Select(order => stage.Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, 1), order, stage.Secrets, default)));
        var claimed = TimeProvider.System.GetElapsedTime(started);
        await Task.WhenAll(orders.Select(order => stage.Backend.EnsurePodAsync(order.Token(CloneStep.StartPod, 2), order, stage.Secrets, null, default)));
        var ready = TimeProvider.System.GetElapsedTime(started);
        Assert.True(claimed <= TimeSpan.FromSeconds(1), $"All were claimed after {claimed.TotalSeconds:0.00} s.");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"all claimed after {claimed.TotalSeconds:0.00} s, all ready after {ready.TotalSeconds:0.00} s"));

        await Eventually.Until("the claims are heard of", () => orders.All(order => stage.InstanceOf(order) != order.Job));
        Assert.Equal(pool, orders.Select(stage.InstanceOf).ToHashSet());
        Assert.InRange(ready, TimeSpan.Zero, TimeSpan.FromSeconds(60));
    }

    /// <summary>From the making of its instance to its removal.</summary>
    [NodeFact]
    public async Task A_clone_in_a_warm_instance_takes_no_more_than_fifteen_calls_to_the_API_server()
    {
        // An anchor is made by a POST, whose address names nothing, and the agent is run through WebSockets, which are not recorded.
        const int Unseen = 1 + 2;
        await using var stage = await StageAsync(size: 1);
        var instance = Assert.Single(await stage.FillPoolAsync()).Name;
        var order = stage.NewOrder();
        await StartAsync(stage, order);
        await stage.Backend.ImportPublicAsync(order.Token(CloneStep.ImportContent, 3), order, stage.Secrets, null!, new Progress<ContentProgress>(), default);
        await stage.Backend.ActivatePluginAsync(order.Token(CloneStep.ActivatePlugin, 4), order, stage.Secrets, default);
        await stage.Backend.OpenRouteAsync(order.Token(CloneStep.OpenIngress, 5), order, default);
        await stage.Backend.RemoveAsync(order.Token(CloneStep.Remove, 6), default);

        var calls = stage.Calls.CallsFor(instance.Value);
        output.WriteLine($"{calls.Count + Unseen} calls; by name: {string.Join(", ", calls)}");
        Assert.InRange(calls.Count + Unseen, 8, 15);
    }

    private Task<KubeStage> StageAsync(int size) => KubeStage.OpenAsync(
        cluster, new Dictionary<string, string?> { ["CloneHub:Pool:Size"] = size.ToString(CultureInfo.InvariantCulture), ["CloneHub:Pool:AtOnce"] = "4" });

    private static async Task StartAsync(KubeStage stage, CloneOrder order)
    {
        await stage.Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, 1), order, stage.Secrets, default);
        await stage.Backend.EnsurePodAsync(order.Token(CloneStep.StartPod, 2), order, stage.Secrets, null, default);
    }

    private async Task SetBackAsync(JobId instance)
    {
        await using var server = new MySqlConnection(cluster.MariaDb);
        await server.OpenAsync();
        await using var change = new MySqlCommand($"UPDATE clonehub.instances SET job_id = NULL WHERE instance = '{instance}'", server);
        Assert.Equal(1, await change.ExecuteNonQueryAsync());
    }

    private async Task LogInAsync(JobId instance, Secret password)
    {
        var user = "clone_" + instance.Key;
        await using var connection = new MySqlConnection(
            new MySqlConnectionStringBuilder(cluster.MariaDb) { UserID = user, Password = password.Reveal(), Database = user, Pooling = false }.ConnectionString);
        await connection.OpenAsync();
    }
}
