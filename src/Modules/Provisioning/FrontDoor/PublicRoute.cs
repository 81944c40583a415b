using System.Net;
using System.Net.Sockets;

namespace CloneHub.Provisioning.FrontDoor;

/// <summary>Reaches a clone as the public does, by its address and through every proxy's door, but without redirects or cookies.</summary>
internal sealed class PublicRoute : IDisposable
{
    // RFC 6761: names below localhost are this machine. Browsers know that, resolvers often do not.
    private const string LocalNames = ".localhost";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public HttpClient Http { get; } = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        ConnectCallback = ConnectAsync,
    })
    { Timeout = Patience };

    /// <summary>For <see cref="SocketsHttpHandler.ConnectCallback"/>.</summary>
    public static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var name = context.DnsEndPoint;
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (name.Host.EndsWith(LocalNames, StringComparison.OrdinalIgnoreCase))
                await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, name.Port), cancellation);
            else
                await socket.ConnectAsync(name, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public void Dispose() => Http.Dispose();
}
