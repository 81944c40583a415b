using System.Net;
using System.Net.Sockets;

namespace CloneHub.Jobs.Tests.Engine;

/// <summary>Stands between a client and a server on this machine, so that a test can cut the line and join it again.</summary>
internal sealed class Relay : IDisposable
{
    private readonly int _target;
    private readonly List<TcpClient> _open = [];
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private volatile bool _isCut;
    private int _refused;

    public Relay(int target)
    {
        _target = target;
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Clients that came while the line was cut.</summary>
    public int Refused => Volatile.Read(ref _refused);

    public void Cut()
    {
        _isCut = true;
        lock (_open)
        {
            foreach (var client in _open) client.Dispose();
            _open.Clear();
        }
    }

    public void Join() => _isCut = false;

    public void Dispose()
    {
        Cut();
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var near = await _listener.AcceptTcpClientAsync();
                if (_isCut) Refuse(near);
                else await ConnectAsync(near);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private void Refuse(TcpClient client)
    {
        client.Dispose();
        Interlocked.Increment(ref _refused);
    }

    private async Task ConnectAsync(TcpClient near)
    {
        var far = new TcpClient();
        lock (_open) _open.AddRange([near, far]);
        await far.ConnectAsync(IPAddress.Loopback, _target);
        _ = PumpAsync(near, far);
        _ = PumpAsync(far, near);
    }

    private static async Task PumpAsync(TcpClient from, TcpClient to)
    {
        try
        {
            await from.GetStream().CopyToAsync(to.GetStream());
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The line was cut.
        }

        from.Dispose();
        to.Dispose();
    }
}
