using System.Net;
using System.Net.Sockets;

namespace CloneHub.Dev.Kube;

/// <summary>Lets pods reach a server that listens on the loopback interface only: the same port on this machine's address in the cluster.</summary>
internal sealed class Forwarder : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TcpListener _listener;
    private readonly Task _work;

    public Forwarder(IPAddress address, int port)
    {
        _listener = new TcpListener(address, port);
        _listener.Start();
        _work = AcceptAsync(port);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _work;
        _stop.Dispose();
    }

    private async Task AcceptAsync(int port)
    {
        var open = new List<Task>();
        try
        {
            while (true)
            {
                open.Add(CarryAsync(await _listener.AcceptTcpClientAsync(_stop.Token), port));
                open.RemoveAll(task => task.IsCompleted);
            }
        }
        catch (Exception end) when (end is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // Disposed of.
        }

        await Task.WhenAll(open);
    }

    private async Task CarryAsync(TcpClient client, int port)
    {
        using (client)
        using (var server = new TcpClient { NoDelay = true })
        {
            client.NoDelay = true;
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, port, _stop.Token);
                var (here, there) = (client.GetStream(), server.GetStream());
                await Task.WhenAny(here.CopyToAsync(there, _stop.Token), there.CopyToAsync(here, _stop.Token));
            }
            catch (Exception end) when (end is OperationCanceledException or IOException or SocketException)
            {
                // One side is gone; the other is closed with it.
            }
        }
    }
}
