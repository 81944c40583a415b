using System.Net;
using System.Net.Sockets;

namespace CloneHub.Testing;

/// <summary>Stands between a client and a server on this machine, so that a test can make the line between them slow, or still.</summary>
public sealed class SlowLine : IDisposable
{
    private const int Piece = 16 * 1024;

    private readonly EndPoint _far;
    private readonly Socket _listener;
    private volatile TaskCompletionSource? _frozen;

    /// <param name="near">Where clients come: a port of the loopback interface (0 for a free one), or a unix socket.</param>
    public SlowLine(EndPoint near, EndPoint far)
    {
        _far = far;
        _listener = New(near);
        _listener.Bind(near);
        _listener.Listen(512);
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>So long each piece of 16 KB waits, in both directions.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Takes everything and passes nothing on, as a process that is stopped does.</summary>
    public void Freeze() => _frozen ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Passes on what was sent meanwhile, and goes on.</summary>
    public void Thaw()
    {
        var frozen = _frozen;
        _frozen = null;
        frozen?.SetResult();
    }

    public void Dispose()
    {
        Thaw();
        _listener.Dispose();
    }

    private static Socket New(EndPoint of) => of is UnixDomainSocketEndPoint
        ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        : new Socket(of.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await _listener.AcceptAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(Socket near)
    {
        using var far = New(_far);
        using (near)
        {
            try
            {
                await far.ConnectAsync(_far);

                // Whoever hangs up first ends both ways: to these protocols half a connection is none.
                await Task.WhenAny(PumpAsync(near, far), PumpAsync(far, near));
            }
            catch (SocketException)
            {
                // The server is away: its client finds the line cut.
            }
        }
    }

    private async Task PumpAsync(Socket from, Socket to)
    {
        var piece = new byte[Piece];
        try
        {
            while (await from.ReceiveAsync(piece) is > 0 and var length)
            {
                if (_frozen is { } frozen) await frozen.Task;
                if (Delay > TimeSpan.Zero) await Task.Delay(Delay, TimeProvider.System);
                for (var sent = 0; sent < length;) sent += await to.SendAsync(piece.AsMemory(sent, length - sent));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // One side is gone.
        }
    }
}
