using System.Net.Sockets;

namespace CloneHub.Provisioning.Local;

/// <summary>Reaches the clones' nginx on its unix socket, whatever host an address names.</summary>
internal sealed class NginxClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public NginxClient(LocalLayout layout)
    {
        // As YARP asks for: redirects, cookies, compression and trace headers are the client's and the clone's business.
        Invoker = new HttpMessageInvoker(Handler(layout, ownTraceHeaders: false));
        Http = new HttpClient(Handler(layout, ownTraceHeaders: true)) { Timeout = Patience };
    }

    public HttpMessageInvoker Invoker { get; }

    /// <summary>For calls of our own into a clone.</summary>
    public HttpClient Http { get; }

    public void Dispose()
    {
        Invoker.Dispose();
        Http.Dispose();
    }

    private static SocketsHttpHandler Handler(LocalLayout layout, bool ownTraceHeaders) => new()
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = System.Net.DecompressionMethods.None,
        EnableMultipleHttp2Connections = false,
        ActivityHeadersPropagator = ownTraceHeaders ? System.Diagnostics.DistributedContextPropagator.Current : null,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        ConnectCallback = async (_, cancellation) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(layout.NginxSocket), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    };
}
