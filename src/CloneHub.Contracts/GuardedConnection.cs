using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace CloneHub.Contracts;

/// <summary>
/// Connects an HTTP client that goes where strangers tell it: every connection, also one that follows a redirect, goes to an address that was
/// looked up here and is allowed (<see cref="SourceAddress"/>), so that no resolver can answer differently in between.
/// </summary>
/// <param name="pins">Whether a host keeps the addresses of its first look-up for as long as the client lives.</param>
/// <param name="refusal">What to throw for a host that may not be reached.</param>
/// <param name="networks">Networks of ours that may be reached as well.</param>
public sealed class GuardedConnection(bool allowLoopback, bool pins, Func<string, Exception> refusal, IReadOnlyList<IPNetwork>? networks = null)
{
    private readonly ConcurrentDictionary<string, IPAddress[]> _pinned = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>For <see cref="SocketsHttpHandler.ConnectCallback"/>.</summary>
    public async ValueTask<Stream> OpenAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var addresses = await AddressesAsync(context.DnsEndPoint.Host, cancellation);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async ValueTask<IPAddress[]> AddressesAsync(string host, CancellationToken cancellation)
    {
        if (_pinned.TryGetValue(host, out var known)) return known;
        var found = await SourceAddress.ResolveAsync(host, allowLoopback, cancellation, networks);
        if (found.Length == 0) throw refusal(host);
        return pins ? _pinned.GetOrAdd(host, found) : found;
    }
}
