using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace CloneHub.Dev.Servers;

/// <summary>Free ports of the loopback interface.</summary>
public static class Ports
{
    // Below 32768, where Linux starts to hand out ports for outgoing connections: none of those can take ours between
    // choosing and binding. Always five digits, so an address can be replaced by another of the same length.
    private const int Lowest = 20_000;
    private const int Highest = 32_000;

    public static int Free()
    {
        while (true)
        {
            var port = RandomNumberGenerator.GetInt32(Lowest, Highest);
            if (IsFree(port))
                return port;
        }
    }

    /// <summary>The port a file remembers, or a free one that it will remember from now on.</summary>
    internal static int Remembered(string file)
    {
        if (File.Exists(file) && int.TryParse(File.ReadAllText(file), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
            return port;
        return Renew(file);
    }

    internal static int Renew(string file)
    {
        var port = Free();
        File.WriteAllText(file, port.ToString(CultureInfo.InvariantCulture));
        return port;
    }

    internal static bool IsFree(int port)
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // .NET binds with SO_REUSEADDR by itself; its ReuseAddress option would add SO_REUSEPORT and share a port in use.
            probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            // Taken: the caller tries another.
            return false;
        }
    }

    internal static async Task<bool> AnswersAsync(int port, CancellationToken ct)
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await probe.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), ct);
            return true;
        }
        catch (SocketException)
        {
            // Nobody listens yet.
            return false;
        }
    }
}
