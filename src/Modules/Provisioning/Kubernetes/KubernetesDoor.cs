using CloneHub.Contracts;
using CloneHub.Provisioning.Agent;
using CloneHub.Provisioning.FrontDoor;
using CloneHub.Provisioning.Kubernetes.Manifests;
using CloneHub.Provisioning.Kubernetes.Watching;
using Microsoft.Extensions.Options;

namespace CloneHub.Provisioning.Kubernetes;

/// <summary>
/// With <see cref="RouteKind.Router"/> the public comes through CloneHub's own door to the pods; with the other kinds nobody who is led
/// rightly comes here, and is told that there is no clone.
/// </summary>
internal sealed class KubernetesDoor(ClusterView view, IOptions<KubernetesOptions> options) : ICloneDoor, IDisposable
{
    public string HostSuffix { get; } = PublicAddress.SuffixOf(options.Value.PublicUrlTemplate);

    public bool Leads(Uri address) => PublicAddress.Leads(options.Value.PublicUrlTemplate, address);

    // As YARP asks for: redirects, cookies, compression and trace headers are the client's and the clone's business.
    public HttpMessageInvoker Invoker { get; } = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = System.Net.DecompressionMethods.None,
        EnableMultipleHttp2Connections = false,
        ActivityHeadersPropagator = null,
        ConnectTimeout = TimeSpan.FromSeconds(5),
    });

    public string? DestinationOf(JobId job)
    {
        if (options.Value.Route != RouteKind.Router) return null;
        var clone = view.StateOf(view.InstanceOf(job));
        return clone.Anchor?.Owner == job && clone is { HasLostContent: false, Anchor: { IsGoing: false, Stage: AnchorStage.Route }, ReadyPod.Status.PodIP: { } address } ? $"http://{address}:{CloneImage.Port}" : null;
    }

    public Task<bool> BringAsync(JobId job, string path, CancellationToken visitor) => Task.FromResult(true);

    public void Dispose() => Invoker.Dispose();
}
