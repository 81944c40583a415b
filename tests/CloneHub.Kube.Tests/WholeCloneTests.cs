using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CloneHub.Dev.Host;
using CloneHub.Dev.WordPress;
using CloneHub.Kube.Tests.Cluster;
using CloneHub.Testing;
using k8s;
using Xunit.Abstractions;

namespace CloneHub.Kube.Tests;

/// <summary>The whole of it: a WordPress site, cloned by one call to a running Host into a pod with the real image, reached through an Ingress.</summary>
[Collection(KubeCluster.Collection)]
[Trait("Needs", "kube")]
public sealed class WholeCloneTests(KubeCluster cluster, ITestOutputHelper output)
{
    [ImageFact]
    public async Task A_clone_serves_through_its_Ingress_within_thirty_seconds_and_leaves_nothing()
    {
        var image = await cluster.CloneImageAsync();
        await using var site = await cluster.Servers.StartSiteAsync(
            new SourceSiteOptions { Name = ServersFixture.Unique("s"), Address = cluster.HostAddress.ToString() });
        await using var way = new Forwarder(cluster.HostAddress, site.Url.Port);
        var space = await cluster.NewNamespaceAsync();
        var kubeConfig = await RestrictedAccount.CreateAsync(cluster, space, RestrictedAccount.Roles, cluster.Servers.NewFolder());
        await using var ingress = await IngressController.StartAsync(cluster.Admin, space);
        await using var host = await HostProcess.StartAsync(cluster.Servers, new Dictionary<string, string>
        {
            ["CloneHub__Backend"] = "kubernetes",
            ["CloneHub__AllowedSourceNetworks__0"] = $"{cluster.HostAddress}/32",
            ["CloneHub__Kubernetes__KubeConfig"] = kubeConfig,
            ["CloneHub__Kubernetes__Namespace"] = space,
            ["CloneHub__Kubernetes__Image"] = image,
            ["CloneHub__Kubernetes__MariaDb"] = cluster.MariaDb,
            ["CloneHub__Kubernetes__DatabaseAddress"] = cluster.DatabaseAddress,
            ["CloneHub__Kubernetes__IngressClass"] = IngressController.Class,
            ["CloneHub__Kubernetes__PublicUrlTemplate"] = string.Create(CultureInfo.InvariantCulture, $"http://{{job_id}}.localhost:{ingress.Port}"),
        });

        var started = TimeProvider.System.GetTimestamp();
        var job = await RequestAsync(host, site);
        var result = (await WaitAsync(host, job, "completed")).GetProperty("result");
        var url = new Uri(result.GetProperty("clone_url").GetString()!);
        using var visitor = LoopbackHttp.CreateClient(url);
        using (var home = await visitor.GetAsync(new Uri("/", UriKind.Relative)))
            Assert.Equal(HttpStatusCode.OK, home.StatusCode);
        var elapsed = TimeProvider.System.GetElapsedTime(started);
        output.WriteLine($"POST to the first 200 through the Ingress: {elapsed.TotalSeconds:0.0} s; {result.GetProperty("content")}");
        Assert.InRange(elapsed.TotalSeconds, 0, 30);

        using var removed = await host.Client.DeleteAsync(new Uri($"api/v2/jobs/{job}", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Accepted, removed.StatusCode);
        await Eventually.Until("nothing of the clone is left in the cluster", () => IsEmptyAsync(space), TimeSpan.FromSeconds(60));
        await cluster.Admin.CoreV1.DeleteNamespaceAsync(space);
    }

    private static async Task<string> RequestAsync(HostProcess host, SourceSite site)
    {
        using var answer = await host.Client.PostAsJsonAsync(
            new Uri("api/v2/clone", UriKind.Relative), new { source_url = site.Url, source_username = site.AdminUser, source_password = site.AdminPassword, ttl_minutes = 30 });
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.Accepted, $"{answer.StatusCode}: {body}");
        return JsonDocument.Parse(body).RootElement.GetProperty("job_id").GetString()!;
    }

    private static async Task<JsonElement> WaitAsync(HostProcess host, string job, string wanted)
    {
        JsonElement last = default;
        await Eventually.Until(
            $"{job} is {wanted}",
            async () =>
            {
                last = await host.Client.GetFromJsonAsync<JsonElement>(new Uri($"api/v2/job-status/{job}", UriKind.Relative));
                var status = last.GetProperty("status").GetString();
                if (status is "failed" or "cancelled") Assert.Fail($"{last}\n{host.Output}");
                return status == wanted;
            },
            TimeSpan.FromMinutes(3));
        return last;
    }

    private async Task<bool> IsEmptyAsync(string space) =>
        (await cluster.Admin.CoreV1.ListNamespacedPodAsync(space)).Items.Count == 0
        && (await cluster.Admin.CoreV1.ListNamespacedConfigMapAsync(space, labelSelector: "app=wordpress-clone")).Items.Count == 0
        && (await cluster.Admin.CoreV1.ListNamespacedSecretAsync(space, labelSelector: "app=wordpress-clone")).Items.Count == 0
        && (await cluster.Admin.CoreV1.ListNamespacedServiceAsync(space)).Items.Count == 0
        && (await cluster.Admin.NetworkingV1.ListNamespacedIngressAsync(space)).Items.Count == 0;
}
