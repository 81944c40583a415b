using CloneHub.Contracts;
using CloneHub.Kube.Tests.Cluster;
using CloneHub.Provisioning;
using CloneHub.Provisioning.Tests;

namespace CloneHub.Kube.Tests;

/// <summary>What comes out of a pod beside the agent's answer.</summary>
[Collection(KubeCluster.Collection)]
[Trait("Needs", "kube")]
public sealed class AgentExecTests(KubeCluster cluster)
{
    [NodeFact]
    public async Task What_the_agent_says_on_standard_error_is_in_the_log_without_the_secrets_of_the_job()
    {
        await using var stage = await KubeStage.OpenAsync(cluster);
        var order = stage.NewOrder();
        await stage.Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, 1), order, stage.Secrets, default);
        await stage.Backend.ImportPublicAsync(order.Token(CloneStep.ImportContent, 2), order, stage.Secrets, null!, new Progress<ContentProgress>(), default);

        Assert.Contains($"{order.Job}: clonehub-agent import said on standard error: the password is ***", stage.Log.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(stage.Secrets.DatabasePassword.Reveal(), stage.Log.Text, StringComparison.Ordinal);
    }
}
