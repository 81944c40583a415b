using System.Net;
using System.Net.Sockets;

namespace CloneHub.Dev.Host;

/// <summary>HTTP to clones: browsers know that *.localhost is this machine, the system's resolver often does not.</summary>
public static class LoopbackHttp
{
    public static SocketsHttpHandler CreateHandler(bool allowAutoRedirect = true) => new()
    {
        AllowAutoRedirect = allowAutoRedirect,
        UseProxy = false,
        CookieContainer = new CookieContainer(),
        ConnectCallback = async (context, ct) =>
        {
            var target = context.DnsEndPoint;
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                if (target.Host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase))
                    await socket.ConnectAsync(IPAddress.Loopback, target.Port, ct);
                else
                    await socket.ConnectAsync(target, ct);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    };

    public static HttpClient CreateClient(Uri? baseAddress = null, bool allowAutoRedirect = true) =>
        new(CreateHandler(allowAutoRedirect)) { BaseAddress = baseAddress };
}
