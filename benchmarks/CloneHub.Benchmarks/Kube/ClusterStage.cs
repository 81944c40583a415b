using System.Globalization;
using CloneHub.Dev;
using CloneHub.Dev.Kube;
using CloneHub.Dev.Servers;
using CloneHub.Dev.WordPress;
using CloneHub.Kube.Tests.Cluster;
using CloneHub.Provisioning.Kubernetes;

namespace CloneHub.Benchmarks.Kube;

/// <summary>
/// A release build of the Host beside a cluster, which it puts its clones into: a single node of our own that goes with this, or the one that KUBECONFIG names. The public
/// comes through an ingress controller.
/// </summary>
internal sealed class ClusterStage : IAsyncDisposable
{
    private readonly Installation _installation;
    private readonly DemoCluster _cluster;
    private readonly SourceSite _source;
    private readonly IngressController _ingress;

    private ClusterStage(Installation installation, DemoCluster cluster, SourceSite source, IngressController ingress, AuditLog? audit) =>
        (_installation, _cluster, _source, _ingress, Audit) = (installation, cluster, source, ingress, audit);

    /// <summary>Null where the API server's log is not ours to read.</summary>
    public AuditLog? Audit { get; }

    public static async Task<ClusterStage> OpenAsync(CancellationToken ct)
    {
        var progress = new Progress<string>(Console.Error.WriteLine);
        var installation = Installation.Open(Repository.Path(".clonehub", "bench"), progress);
        await installation.StartServersAsync(ServerKinds.All, ct);
        await SourceSite.StopAllAsync(installation.Servers.State, ct);
        var cluster = await DemoCluster.OpenAsync(installation, progress, ct);
        var audit = await cluster.AuditAsync(ct) is { } log ? new AuditLog(log, cluster.Space) : null;
        var options = new SourceSiteOptions { Name = "benchkube", Content = SiteContent.Demo, Address = cluster.HostAddress.ToString() };
        var source = await SourceSite.StartAsync(installation.Servers, installation.Core, Installation.Cache(progress).CreateSubdirectory("sites"), options, progress, ct);
        cluster.Lead(source.Url.Port);
        cluster.Serve(installation);
        var client = ClusterClient.Connect(new KubernetesOptions { KubeConfig = cluster.KubeConfig });
        var ingress = await IngressController.StartAsync(client, cluster.Space);
        installation.Changes["CloneHub__Kubernetes__Route"] = "ingress";
        installation.Changes["CloneHub__Kubernetes__IngressClass"] = IngressController.Class;
        installation.Changes["CloneHub__Kubernetes__PublicUrlTemplate"] = string.Create(CultureInfo.InvariantCulture, $"http://{{job_id}}.localhost:{ingress.Port}");
        return new ClusterStage(installation, cluster, source, ingress, audit);
    }

    /// <summary>A Host with these settings; one that runs is ended first.</summary>
    public Task<Stage> StartHostAsync(CancellationToken ct, params (string Name, string Value)[] changes)
    {
        foreach (var (name, value) in changes) _installation.Changes[name] = value;
        return Stage.StartAsync(_installation, _source, ct);
    }

    public async ValueTask DisposeAsync()
    {
        await _ingress.DisposeAsync();
        await _source.DisposeAsync();
        await _installation.DisposeAsync();
        await _cluster.DisposeAsync();
    }
}
