using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace CloneHub.Chaos;

/// <summary>
/// The lines between the nodes. Others reach a node at the port of its line only, so that a line can be cut: what is sent then is held, as on a network that
/// loses everything for a while, and arrives late. Who sends is told by the kernel.
/// </summary>
internal sealed class Network : IDisposable
{
    private const int Piece = 16 * 1024;
    private readonly ConcurrentDictionary<(int From, int To), TaskCompletionSource> _cuts = [];
    private readonly List<Socket> _lines = [];
    private readonly Func<IReadOnlyList<int?>> _processes;
    private readonly Lock _looks = new();

    /// <summary>As of the last look. A look takes a tenth of a second of a processor where there are twenty nodes; most of those who call at the same time are seen by the same one.</summary>
    private Dictionary<int, int> _holders = [];

    /// <param name="lines">Of each node the port that others know, and the one that it listens to.</param>
    /// <param name="processes">Of each node the number of its process; null while it has none.</param>
    public Network(IReadOnlyList<(int Public, int Own)> lines, Func<IReadOnlyList<int?>> processes)
    {
        _processes = processes;
        foreach (var (node, line) in lines.Index())
        {
            var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(new IPEndPoint(IPAddress.Loopback, line.Public));
            listener.Listen(128);
            _lines.Add(listener);
            _ = AcceptAsync(listener, node, new IPEndPoint(IPAddress.Loopback, line.Own));
        }
    }

    public void Cut(int from, int to) => _cuts.TryAdd((from, to), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    public void HealAll()
    {
        foreach (var cut in _cuts.Keys)
            if (_cuts.TryRemove(cut, out var held)) held.SetResult();
    }

    public void Dispose()
    {
        foreach (var line in _lines) line.Dispose();
        HealAll();
    }

    private async Task AcceptAsync(Socket listener, int node, EndPoint own)
    {
        try
        {
            while (true)
            {
                var near = await listener.AcceptAsync();

                // One caller does not wait until it is known who another one is.
                _ = Task.Run(() => ServeAsync(near, node, own));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The run is over.
        }
    }

    private async Task ServeAsync(Socket near, int node, EndPoint own)
    {
        using var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using (near)
        {
            near.NoDelay = true;
            try
            {
                if (OpenSockets.InodeOf((IPEndPoint)near.RemoteEndPoint!, (IPEndPoint)near.LocalEndPoint!) is not { } inode || NodeOf(inode) is not { } caller) return;
                await far.ConnectAsync(own);
                await Task.WhenAny(PumpAsync(near, far, (caller, node)), PumpAsync(far, near, (node, caller)));
            }
            catch (SocketException)
            {
                // The node is away: whoever calls it finds the line dead.
            }
        }
    }

    private async Task PumpAsync(Socket from, Socket to, (int From, int To) line)
    {
        var piece = new byte[Piece];
        try
        {
            while (await from.ReceiveAsync(piece) is > 0 and var length)
            {
                await HealedAsync(line);
                for (var sent = 0; sent < length;) sent += await to.SendAsync(piece.AsMemory(sent, length - sent));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // One side is gone.
        }

        // Nor does a hang-up get through.
        await HealedAsync(line);
    }

    /// <summary>The node, counted from 0, that holds the socket with this inode; null if none.</summary>
    private int? NodeOf(int inode)
    {
        lock (_looks)
        {
            var processes = _processes();

            // The kernel does not give a number twice.
            if (!_holders.TryGetValue(inode, out var holder) && !(_holders = OpenSockets.HoldersAmong(processes.OfType<int>())).TryGetValue(inode, out holder)) return null;
            return processes.Index().Where(node => node.Item == holder).Select(node => (int?)node.Index).FirstOrDefault();
        }
    }

    private Task HealedAsync((int From, int To) line) => _cuts.TryGetValue(line, out var cut) ? cut.Task : Task.CompletedTask;
}
