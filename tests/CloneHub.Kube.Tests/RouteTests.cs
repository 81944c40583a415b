using System.Globalization;
using CloneHub.Contracts;
using CloneHub.Dev.Host;
using CloneHub.Dev.Servers;
using CloneHub.Kube.Tests.Cluster;
using CloneHub.Provisioning;
using CloneHub.Provisioning.Agent;
using CloneHub.Provisioning.FrontDoor;
using CloneHub.Provisioning.Kubernetes;
using CloneHub.Provisioning.Kubernetes.Manifests;
using CloneHub.Provisioning.Tests;
using CloneHub.Testing;
using k8s;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CloneHub.Kube.Tests;

/// <summary>The ways to a clone beside the Ingress, which all other tests go.</summary>
[Collection(KubeCluster.Collection)]
[Trait("Needs", "kube")]
public sealed class RouteTests(KubeCluster cluster)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [KubeFact]
    public async Task A_router_leads_to_the_pod_without_an_object_for_the_clone()
    {
        var port = Ports.Free();
        await using var stage = await KubeStage.OpenAsync(
            cluster, With(("Route", "router"), ("PublicUrlTemplate", string.Create(CultureInfo.InvariantCulture, $"http://{{job_id}}.localhost:{port}"))));
        await using var door = await OpenDoorAsync(stage, port);
        var order = stage.NewOrder();
        await StartAsync(stage, order);
        Assert.Null(await VisitAsync(stage, order));

        await stage.Backend.OpenRouteAsync(order.Token(CloneStep.OpenIngress, 3), order, default);
        Assert.Equal(order.Job.Value, await VisitAsync(stage, order));
        Assert.Empty((await cluster.Admin.NetworkingV1.ListNamespacedIngressAsync(stage.Namespace)).Items);

        await stage.Backend.RemoveAsync(order.Token(CloneStep.Remove, 4), default);
        Assert.Null(await VisitAsync(stage, order));
    }

    [NodeFact]
    public async Task An_HTTPRoute_leads_to_the_clone_is_made_again_when_deleted_and_goes_with_it()
    {
        await GatewayApi.InstallAsync(cluster.Admin);
        await using var stage = await KubeStage.OpenAsync(cluster, With(("Route", "httproute"), ("Gateway", "gateways/public")));
        Assert.Empty(await stage.Get<ClusterAccess>().MissingAsync(default));
        await stage.Get<CloneHealer>().StartAsync(default);
        var order = stage.NewOrder();
        await StartAsync(stage, order);
        await stage.Backend.OpenRouteAsync(order.Token(CloneStep.OpenIngress, 3), order, default);
        Assert.NotNull(await stage.VisitAsync(order));
        Assert.Empty((await cluster.Admin.NetworkingV1.ListNamespacedIngressAsync(stage.Namespace)).Items);

        await cluster.Admin.CustomObjects.DeleteNamespacedCustomObjectAsync(HttpRoute.Group, HttpRoute.Version, stage.Namespace, HttpRoute.Plural, order.Job.Value);
        await Eventually.Until("the clone is out of reach", async () => await stage.VisitAsync(order) is null, Patience);
        await Eventually.Until("the public reaches the clone again", async () => await stage.VisitAsync(order) is not null, Patience);

        await stage.Backend.RemoveAsync(order.Token(CloneStep.Remove, 4), default);
        Assert.Empty((await cluster.Admin.CustomObjects.ListNamespacedCustomObjectAsync<HttpRouteList>(HttpRoute.Group, HttpRoute.Version, stage.Namespace, HttpRoute.Plural)).Items);
        var granted = RestrictedAccount.HttpRouteRole.Rules.SelectMany(rule => rule.Verbs).Order(StringComparer.Ordinal);
        Assert.Equal(granted, stage.Calls.Rights.Where(right => right.Resource == HttpRoute.Plural).Select(right => right.Verb).Order(StringComparer.Ordinal));
        await stage.Get<CloneHealer>().StopAsync(default);
    }

    private static async Task<string?> VisitAsync(KubeStage stage, CloneOrder order)
    {
        using var visitor = LoopbackHttp.CreateClient(stage.Options.PublicUrlOf(order.Job));
        using var answer = await visitor.GetAsync(new Uri(CloneImage.ReadyPath, UriKind.Relative));
        return answer.IsSuccessStatusCode ? (await answer.Content.ReadAsStringAsync()).Trim() : null;
    }

    /// <summary>The door as the Host opens it.</summary>
    private static async Task<WebApplication> OpenDoorAsync(KubeStage stage, int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
        builder.Services.AddSingleton(stage.Get<CloneRouter>());
        var door = builder.Build();
        door.UseCloneRouter();
        await door.StartAsync();
        return door;
    }

    private static async Task StartAsync(KubeStage stage, CloneOrder order)
    {
        await stage.Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, 1), order, stage.Secrets, default);
        await stage.Backend.EnsurePodAsync(order.Token(CloneStep.StartPod, 2), order, stage.Secrets, null, default);
    }

    private static Dictionary<string, string?> With(params (string Name, string Value)[] settings) =>
        settings.ToDictionary(setting => $"CloneHub:Kubernetes:{setting.Name}", setting => (string?)setting.Value);
}
