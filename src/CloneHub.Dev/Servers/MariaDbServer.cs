using CloneHub.Dev.Processes;
using MySqlConnector;

namespace CloneHub.Dev.Servers;

internal sealed class MariaDbServer(DirectoryInfo folder, DirectoryInfo sockets, ServerSettings settings)
    : MySqlKindServer("mariadb", folder, new DirectoryInfo(Path.Combine(sockets.FullName, "db")), settings)
{
    public string TcpConnectionString => new MySqlConnectionStringBuilder(ConnectionString)
    {
        ConnectionProtocol = MySqlConnectionProtocol.Sockets,
        Server = "127.0.0.1",
        Port = (uint)Port,
    }.ConnectionString;

    protected override Task InitialiseAsync(CancellationToken ct) => InitialiseAsync(
        folder => Command.RunAsync(
            "mariadb-install-db",
            [
                "--no-defaults", $"--datadir={folder}", "--skip-test-db", "--auth-root-authentication-method=socket",
                $"--auth-root-socket-user={Environment.UserName}", "--innodb-log-file-size=32M", "--innodb-flush-method=nosync",
            ],
            new CommandSettings { RunAs = RunAs },
            ct),
        ct);

    protected override async Task<DaemonSpec> DescribeAsync(CancellationToken ct) => new(
        Name,
        "mariadbd",
        ["--no-defaults", .. await CommonOptionsAsync(ct), "--innodb-buffer-pool-size=256M", "--innodb-log-file-size=32M"])
    { RunAs = RunAs, StopSignal = Settings.Durable ? OrderlyStop : "KILL" };
}
