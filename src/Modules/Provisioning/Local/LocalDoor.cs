using CloneHub.Contracts;
using CloneHub.Provisioning.FrontDoor;
using CloneHub.Provisioning.WordPress.Media;
using Microsoft.Extensions.Options;

namespace CloneHub.Provisioning.Local;

/// <summary>All clones of this machine are behind one nginx.</summary>
internal sealed class LocalDoor(CloneRoutes routes, NginxClient nginx, LocalLayout layout, MediaOnDemand media, IOptions<LocalOptions> options) : ICloneDoor
{
    // nginx takes the host from the request; the address only has to be one.
    private const string Nginx = "http://nginx";

    public string HostSuffix { get; } = options.Value.HostSuffix;

    public bool Leads(Uri address) => PublicAddress.Leads(options.Value.PublicUrlTemplate, address);

    public HttpMessageInvoker Invoker => nginx.Invoker;

    public string? DestinationOf(JobId job) => routes.IsOpen(job) ? Nginx : null;

    public Task<bool> BringAsync(JobId job, string path, CancellationToken visitor)
    {
        var clone = layout.Of(job);
        return media.BringAsync(job, new DirectoryInfo(clone.Www), new MediaFolder(clone.Media), path, visitor);
    }
}
