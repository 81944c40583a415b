using CloneHub.Contracts;
using CloneHub.Kube.Tests.Cluster;
using CloneHub.Provisioning;
using CloneHub.Provisioning.Kubernetes;
using CloneHub.Provisioning.Tests;
using k8s.Models;
using Microsoft.Extensions.Options;

namespace CloneHub.Kube.Tests;

/// <summary>infra/k8s/base/rbac gives what CloneHub uses, and nothing else.</summary>
[Collection(KubeCluster.Collection)]
[Trait("Needs", "kube")]
public sealed class RbacTests(KubeCluster cluster)
{
    /// <summary>A WebSocket does not pass the handler that records; that it needs these is shown by what happens without them.</summary>
    private static readonly ClusterRight[] Exec = [new("get", "", "pods/exec"), new("create", "", "pods/exec")];

    [NodeFact]
    public async Task The_role_grants_what_a_clone_uses_from_birth_to_removal_and_nothing_else()
    {
        await using var stage = await KubeStage.OpenAsync(cluster);
        var order = stage.NewOrder();
        stage.Deadlines[order.Job] = TimeProvider.System.GetUtcNow().AddHours(1);
        await LiveAsync(stage, order);
        stage.Deadlines[order.Job] = TimeProvider.System.GetUtcNow().AddHours(2);
        await stage.Get<CloneHealer>().LookAsync(default);
        await stage.Backend.ListAsync(default);
        await stage.Backend.RemoveAsync(order.Token(CloneStep.Remove, 9), default);

        var used = stage.Calls.Rights.Where(right => right.Group != "authorization.k8s.io").Concat(Exec).Select(right => right.ToString()).Order(StringComparer.Ordinal);
        var granted = RestrictedAccount.Roles.SelectMany(Granted).Select(right => right.ToString()).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(granted, used);
        Assert.Equal(ClusterAccess.Needed(RouteKind.Ingress).Select(right => right.ToString()).Order(StringComparer.Ordinal), granted);
        Assert.DoesNotContain(granted, right => right is "get secrets" or "list secrets" or "watch secrets" || right.Contains('*', StringComparison.Ordinal));
    }

    [NodeFact]
    public async Task Nothing_is_asked_outside_the_namespace_of_the_clones()
    {
        await using var stage = await KubeStage.OpenAsync(cluster);
        await stage.Get<ClusterAccess>().StartAsync(default);
        await LiveAsync(stage, stage.NewOrder());

        Assert.Equal([stage.Namespace, "authorization.k8s.io"], stage.Calls.Spaces.Keys.OrderBy(space => space == "authorization.k8s.io"));
    }

    [KubeFact]
    public async Task Without_the_exec_role_the_agent_is_refused_and_the_job_told_so()
    {
        await using var stage = await KubeStage.OpenAsync(cluster, roles: role => role.Metadata.Name != "clonehub-clones-exec");
        var order = stage.NewOrder();
        await StartAsync(stage, order);

        var refused = await Record.ExceptionAsync(
            () => stage.Backend.ActivatePluginAsync(order.Token(CloneStep.ActivatePlugin, 3), order, stage.Secrets, default));
        Assert.Equal("CloneHub may not do in the cluster what a clone needs.", StepFaults.Of(refused!).Message);
    }

    [KubeFact]
    public async Task The_start_names_the_rights_that_are_missing()
    {
        await using var stage = await KubeStage.OpenAsync(cluster, roles: role => role.Metadata.Name != "clonehub-clones-exec");

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => stage.Get<ClusterAccess>().StartAsync(default));
        Assert.Contains("may not: get pods/exec, create pods/exec.", Assert.Single(refused.Failures), StringComparison.Ordinal);
    }

    [KubeFact]
    public async Task With_the_roles_of_the_repository_nothing_is_missing()
    {
        await using var stage = await KubeStage.OpenAsync(cluster);

        Assert.Empty(await stage.Get<ClusterAccess>().MissingAsync(default));
    }

    private static async Task StartAsync(KubeStage stage, CloneOrder order)
    {
        await stage.Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, 1), order, stage.Secrets, default);
        await stage.Backend.EnsurePodAsync(order.Token(CloneStep.StartPod, 2), order, stage.Secrets, null, default);
    }

    private static async Task LiveAsync(KubeStage stage, CloneOrder order)
    {
        await StartAsync(stage, order);
        await stage.Backend.ActivatePluginAsync(order.Token(CloneStep.ActivatePlugin, 3), order, stage.Secrets, default);
        await stage.Backend.OpenRouteAsync(order.Token(CloneStep.OpenIngress, 4), order, default);
    }

    private static IEnumerable<ClusterRight> Granted(V1Role role) =>
        from rule in role.Rules from verb in rule.Verbs from groupName in rule.ApiGroups from resource in rule.Resources select new ClusterRight(verb, groupName, resource);
}
