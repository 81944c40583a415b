using System.Net;
using System.Net.Sockets;
using CloneHub.Contracts;
using Microsoft.Extensions.Options;

namespace CloneHub.Jobs.Api;

/// <summary>
/// Refuses sources in this service's own networks as early as they can be told. A name that does not resolve at once is left to the
/// step, which resolves it again, checks it and pins the address.
/// </summary>
internal sealed class SourceGuard(IOptions<JobsApiOptions> options, TimeProvider clock)
{
    private static readonly TimeSpan LookUpTime = TimeSpan.FromMilliseconds(50);

    private readonly IPNetwork[] _networks = [.. options.Value.AllowedSourceNetworks.Select(IPNetwork.Parse)];

    /// <param name="field">Field of the request that has the address.</param>
    public async Task<Problem?> RefuseAsync(Uri source, CancellationToken cancellation, string field = "source_url")
    {
        return await IsAllowedAsync(source, _networks, cancellation)
            ? null
            : new Problem(ProblemKind.SourceAddressRefused, $"The host '{source.IdnHost}' lies in a private, local or reserved network.")
            {
                Errors = new Dictionary<string, string[]> { [field] = ["must lead to a public address"] },
            };
    }

    /// <summary>False if it is certain by now that the host lies in a network that may not be reached.</summary>
    public Task<bool> IsPublicAsync(Uri address, CancellationToken cancellation) => IsAllowedAsync(address, networks: null, cancellation);

    private async Task<bool> IsAllowedAsync(Uri address, IReadOnlyList<IPNetwork>? networks, CancellationToken cancellation) => Array.TrueForAll(
        await AddressesAsync(address.IdnHost, cancellation), found => SourceAddress.IsAllowed(found, options.Value.AllowLoopbackSources, networks));

    private async Task<IPAddress[]> AddressesAsync(string host, CancellationToken cancellation)
    {
        if (IPAddress.TryParse(host, out var literal)) return [literal];
        if (SourceAddress.IsThisMachine(host)) return [IPAddress.Loopback];
        try
        {
            return await Dns.GetHostAddressesAsync(host, cancellation).WaitAsync(LookUpTime, clock, cancellation);
        }
        catch (Exception e) when (e is TimeoutException or SocketException or ArgumentException)
        {
            // Slow, unknown or impossible names are the step's business: it has the time, and says SOURCE_UNREACHABLE.
            return [];
        }
    }
}
