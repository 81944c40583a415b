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

    public async Task<Problem?> RefuseAsync(Uri source, CancellationToken cancellation)
    {
        var addresses = await AddressesAsync(source.IdnHost, cancellation);
        return addresses.All(address => SourceAddress.IsAllowed(address, options.Value.AllowLoopbackSources))
            ? null
            : new Problem(ProblemKind.SourceAddressRefused, $"The host '{source.IdnHost}' lies in a private, local or reserved network.")
            {
                Errors = new Dictionary<string, string[]> { ["source_url"] = ["must lead to a public address"] },
            };
    }

    private async Task<IPAddress[]> AddressesAsync(string host, CancellationToken cancellation)
    {
        if (IPAddress.TryParse(host, out var literal)) return [literal];

        // RFC 6761: these names are this machine, whatever a resolver says and however long it takes.
        var name = host.TrimEnd('.');
        if (name.Equals("localhost", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase))
            return [IPAddress.Loopback];
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
