using System.Net;
using System.Net.Sockets;

namespace CloneHub.Contracts;

/// <summary>
/// Which addresses a source, or an owner who wants to be called, may have. A service that fetches what it is told to must not reach its own network through it
/// (OWASP: server-side request forgery). The ranges are the special-purpose registries of IANA (RFC 6890 and successors).
/// </summary>
public static class SourceAddress
{
    private static readonly IPNetwork[] Refused =
    [
        IPNetwork.Parse("0.0.0.0/8"), IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("100.64.0.0/10"), IPNetwork.Parse("169.254.0.0/16"),
        IPNetwork.Parse("172.16.0.0/12"), IPNetwork.Parse("192.0.0.0/24"), IPNetwork.Parse("192.0.2.0/24"), IPNetwork.Parse("192.168.0.0/16"),
        IPNetwork.Parse("198.18.0.0/15"), IPNetwork.Parse("198.51.100.0/24"), IPNetwork.Parse("203.0.113.0/24"), IPNetwork.Parse("224.0.0.0/4"),
        IPNetwork.Parse("240.0.0.0/4"), IPNetwork.Parse("::/128"), IPNetwork.Parse("64:ff9b::/96"), IPNetwork.Parse("64:ff9b:1::/48"),
        IPNetwork.Parse("100::/64"), IPNetwork.Parse("2001::/23"), IPNetwork.Parse("2001:db8::/32"), IPNetwork.Parse("2002::/16"),
        IPNetwork.Parse("fc00::/7"), IPNetwork.Parse("fe80::/10"), IPNetwork.Parse("fec0::/10"), IPNetwork.Parse("ff00::/8"),
    ];

    /// <summary>Names of this machine (RFC 6761), whatever a resolver says and however long it takes.</summary>
    public static bool IsThisMachine(string host)
    {
        var name = host.TrimEnd('.');
        return name.Equals("localhost", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>
    /// The addresses to connect to; none if the host may not be reached. One refused address is enough for that: a name that also leads
    /// inside is not a public site's. Throws <see cref="SocketException"/> for a name that does not resolve.
    /// </summary>
    /// <param name="networks">Networks of ours that may be reached as well.</param>
    public static async Task<IPAddress[]> ResolveAsync(
        string host, bool allowLoopback, CancellationToken cancellation, IReadOnlyList<IPNetwork>? networks = null)
    {
        var addresses = IsThisMachine(host) ? [IPAddress.Loopback]
            : IPAddress.TryParse(host.Trim('[', ']'), out var literal) ? [literal]
            : await Dns.GetHostAddressesAsync(host, cancellation);
        return Array.TrueForAll(addresses, address => IsAllowed(address, allowLoopback, networks)) ? addresses : [];
    }

    /// <summary>True if a source may be reached at this address; loopback, or a network of ours, only where it is said so.</summary>
    public static bool IsAllowed(IPAddress address, bool allowLoopback, IReadOnlyList<IPNetwork>? networks = null)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (IPAddress.IsLoopback(address)) return allowLoopback;
        return address.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6
            && (!Refused.Any(network => network.Contains(address)) || networks?.Any(network => network.Contains(address)) == true);
    }
}
