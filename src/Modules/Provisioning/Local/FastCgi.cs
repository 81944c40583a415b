using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace CloneHub.Provisioning.Local;

/// <summary>Just enough of FastCGI 1.0 to ask a php-fpm on a unix socket who it is.</summary>
internal static class FastCgi
{
    public const string PingPath = "/clonehub-ping";

    private const byte Version = 1;
    private const byte BeginRequest = 1;
    private const byte EndRequest = 3;
    private const byte Params = 4;
    private const byte StandardInput = 5;
    private const byte StandardOutput = 6;
    private const int HeaderLength = 8;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly (string Name, string Value)[] PingParameters =
    [
        ("GATEWAY_INTERFACE", "CGI/1.1"), ("SERVER_PROTOCOL", "HTTP/1.1"), ("REQUEST_METHOD", "GET"), ("QUERY_STRING", ""),
        ("SCRIPT_NAME", PingPath), ("SCRIPT_FILENAME", PingPath), ("REQUEST_URI", PingPath),
    ];

    /// <summary>Answer of a pool that takes connections and has no worker free to say more.</summary>
    public const string Busy = "";

    /// <summary>What the pool answers to a ping: the id of its job, or <see cref="Busy"/>. Null if nobody is there.</summary>
    public static async Task<string?> PingAsync(string socketPath, TimeProvider clock, CancellationToken cancellation)
    {
        if (!File.Exists(socketPath)) return null;
        using var patience = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patience.Token);
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), either.Token);
            await using var stream = new NetworkStream(socket);
            await stream.WriteAsync(PingRequest(), either.Token);
            return BodyOf(await ReadOutputAsync(stream, either.Token));
        }
        catch (Exception gone) when (gone is SocketException or IOException)
        {
            // A socket file without a listener, or a master that dies while it answers: both mean nobody is there.
            return null;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Busy;
        }
    }

    private static byte[] PingRequest()
    {
        var parameters = new MemoryStream();
        foreach (var (name, value) in PingParameters)
        {
            parameters.WriteByte((byte)name.Length);
            parameters.WriteByte((byte)value.Length);
            parameters.Write(Encoding.ASCII.GetBytes(name));
            parameters.Write(Encoding.ASCII.GetBytes(value));
        }

        var request = new MemoryStream();
        WriteRecord(request, BeginRequest, [0, 1, 0, 0, 0, 0, 0, 0]);
        WriteRecord(request, Params, parameters.ToArray());
        WriteRecord(request, Params, []);
        WriteRecord(request, StandardInput, []);
        return request.ToArray();
    }

    private static void WriteRecord(MemoryStream to, byte type, ReadOnlySpan<byte> content)
    {
        Span<byte> header = [Version, type, 0, 1, 0, 0, 0, 0];
        BinaryPrimitives.WriteUInt16BigEndian(header[4..], (ushort)content.Length);
        to.Write(header);
        to.Write(content);
    }

    private static async Task<string> ReadOutputAsync(NetworkStream from, CancellationToken cancellation)
    {
        var output = new StringBuilder();
        var header = new byte[HeaderLength];
        while (true)
        {
            await from.ReadExactlyAsync(header, cancellation);
            var content = new byte[BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(4))];
            await from.ReadExactlyAsync(content, cancellation);
            await from.ReadExactlyAsync(new byte[header[6]], cancellation);
            if (header[1] == EndRequest) return output.ToString();
            if (header[1] == StandardOutput) output.Append(Encoding.ASCII.GetString(content));
        }
    }

    private static string? BodyOf(string answer)
    {
        var end = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return end < 0 ? null : answer[(end + 4)..].Trim();
    }
}
