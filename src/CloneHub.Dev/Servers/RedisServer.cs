using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using CloneHub.Dev.Processes;

namespace CloneHub.Dev.Servers;

internal sealed class RedisServer(DirectoryInfo folder, ServerSettings settings) : PrivateServer("redis", Account.Self, folder, settings)
{
    public string ConnectionString => $"127.0.0.1:{Port},password={Password}";

    protected override string OrderlyStop => "TERM";

    protected override Task InitialiseAsync(CancellationToken ct)
    {
        Directory.CreateDirectory(DataDirectory);
        return Task.CompletedTask;
    }

    protected override async Task<DaemonSpec> DescribeAsync(CancellationToken ct)
    {
        // A file, because a password among the arguments could be read by every account of the machine.
        var configuration = Path.Combine(Folder.FullName, "redis.conf");
        await RunAs.WriteSecretAsync(
            configuration,
            string.Create(CultureInfo.InvariantCulture, $"""
                bind 127.0.0.1
                port {Port}
                dir "{DataDirectory}"
                requirepass {Password}
                appendonly yes
                appendfsync always
                maxmemory-policy noeviction
                databases 256
                save ""

                """),
            ct);
        return new DaemonSpec(Name, "redis-server", [configuration]) { RunAs = RunAs, StopSignal = OrderlyStop };
    }

    protected override async Task<bool> AnswersAsync(CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(TimeSpan.FromSeconds(2));
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, Port, limit.Token);
            var stream = client.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"AUTH {Password}\r\nCONFIG GET dir\r\nQUIT\r\n"), limit.Token);
            using var reader = new StreamReader(stream);
            var answer = await reader.ReadToEndAsync(limit.Token);
            return answer.Contains($"{DataDirectory}\r\n", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is SocketException or IOException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            // Not up yet, or something else listens there.
            return false;
        }
    }
}
