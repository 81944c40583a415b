using CloneHub.Contracts;
using CloneHub.Kube.Tests.Cluster;
using CloneHub.Provisioning.Tests;
using CloneHub.Testing;

namespace CloneHub.Kube.Tests;

/// <summary>The same sweep as everywhere, over what a cluster holds.</summary>
[Collection(KubeCluster.Collection)]
[Trait("Needs", "kube")]
public sealed class SweepTests(KubeCluster cluster)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [KubeFact]
    public async Task A_clone_that_no_job_knows_goes_when_it_is_old_enough_and_a_live_one_stays()
    {
        await using var stage = await KubeStage.OpenAsync(cluster, Settings(dryRun: false));
        var order = stage.NewOrder();
        await StartAsync(stage, order);
        var sweep = await stage.StartSweepAsync();
        Assert.NotNull(await stage.AskAsync(order));
        Assert.Single(await ListAsync(stage, order));

        stage.Presence = JobPresence.Unknown;
        await Eventually.Until("nothing of the orphan is left", async () => (await ListAsync(stage, order)).Count == 0 && stage.View.StateOf(order.Job).IsNothing, Patience);
        await sweep.StopAsync(default);
    }

    [KubeFact]
    public async Task A_dry_run_leaves_everything()
    {
        await using var stage = await KubeStage.OpenAsync(cluster, Settings(dryRun: true));
        stage.Presence = JobPresence.Gone;
        var order = stage.NewOrder();
        await StartAsync(stage, order);
        var before = stage.Calls.ListsOf("configmaps");
        var sweep = await stage.StartSweepAsync();
        await Eventually.Until("three sweeps have looked", () => stage.Calls.ListsOf("configmaps") >= before + 3, Patience);
        await sweep.StopAsync(default);

        Assert.Single(await ListAsync(stage, order));
        Assert.NotNull(await stage.AskAsync(order));
    }

    [KubeFact]
    public async Task A_database_that_lost_its_anchor_is_found_and_removed_too()
    {
        await using var stage = await KubeStage.OpenAsync(cluster, Settings(dryRun: false));
        stage.Presence = JobPresence.Gone;
        var order = stage.NewOrder();
        await StartAsync(stage, order);
        await cluster.DeleteAnchorAsync(stage.Namespace, order.Job.Value);
        await Eventually.Until("the cluster has removed what hung on the anchor", () => stage.View.StateOf(order.Job).IsNothing, Patience);
        Assert.Equal(["database", "user"], Assert.Single(await ListAsync(stage, order)).Parts);

        var sweep = await stage.StartSweepAsync();
        await Eventually.Until("the database is gone", async () => (await ListAsync(stage, order)).Count == 0, Patience);
        await sweep.StopAsync(default);
    }

    private static Dictionary<string, string?> Settings(bool dryRun) => new()
    {
        ["CloneHub:Cleanup:SweepInterval"] = "00:00:01",
        ["CloneHub:Cleanup:OrphanAge"] = "00:00:03",
        ["CloneHub:Cleanup:DryRun"] = dryRun ? "true" : "false",
    };

    private static async Task<IReadOnlyList<ExistingClone>> ListAsync(KubeStage stage, CloneOrder order) =>
        [.. (await stage.Backend.ListAsync(default)).Where(clone => clone.Job == order.Job)];

    private static async Task StartAsync(KubeStage stage, CloneOrder order)
    {
        await stage.Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, 1), order, stage.Secrets, default);
        await stage.Backend.EnsurePodAsync(order.Token(CloneStep.StartPod, 2), order, stage.Secrets, null, default);
    }
}
