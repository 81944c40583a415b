using System.Globalization;
using CloneHub.Dev.Processes;
using MySqlConnector;

namespace CloneHub.Dev.Servers;

internal sealed class MariaDbServer(DirectoryInfo folder, DirectoryInfo sockets, ServerSettings settings)
    : PrivateServer("mariadb", Account.OfService("mysql"), folder, settings)
{
    public const string Administrator = "clonehub";
    private static readonly string[] LocalHosts = ["localhost", "127.0.0.1"];

    private string SocketFolder { get; } = Path.Combine(sockets.FullName, "db");

    public string Socket => Path.Combine(SocketFolder, "mysqld.sock");

    public string ConnectionString => new MySqlConnectionStringBuilder
    {
        ConnectionProtocol = MySqlConnectionProtocol.Unix,
        Server = Socket,
        UserID = Administrator,
        Password = Password,
        AllowLoadLocalInfile = true,
        AllowUserVariables = true,
    }.ConnectionString;

    public string TcpConnectionString => new MySqlConnectionStringBuilder(ConnectionString)
    {
        ConnectionProtocol = MySqlConnectionProtocol.Sockets,
        Server = "127.0.0.1",
        Port = (uint)Port,
    }.ConnectionString;

    protected override string OrderlyStop => "TERM";

    protected override async Task InitialiseAsync(CancellationToken ct)
    {
        var unfinished = $"{DataDirectory}.new";
        await Command.RunAsync("rm", ["-rf", unfinished], ct);
        await RunAs.CreateDirectoryAsync(unfinished, "0700", ct);
        await Command.RunAsync(
            "mariadb-install-db",
            [
                "--no-defaults", $"--datadir={unfinished}", "--skip-test-db", "--auth-root-authentication-method=socket",
                $"--auth-root-socket-user={Environment.UserName}", "--innodb-log-file-size=32M", "--innodb-flush-method=nosync",
            ],
            new CommandSettings { RunAs = RunAs },
            ct);
        Directory.Move(unfinished, DataDirectory);
    }

    protected override async Task<DaemonSpec> DescribeAsync(CancellationToken ct)
    {
        await RunAs.CreateDirectoryAsync(SocketFolder, "0755", ct);
        var accounts = Path.Combine(Folder.FullName, "accounts.sql");
        await RunAs.WriteSecretAsync(accounts, AdministratorSql(), ct);
        string[] durability = Settings.Durable ? [] : ["--innodb-flush-log-at-trx-commit=2", "--innodb-flush-method=nosync"];
        return new DaemonSpec(
            Name,
            "mariadbd",
            [
                "--no-defaults", $"--datadir={DataDirectory}", $"--socket={Socket}", "--bind-address=127.0.0.1",
                string.Create(CultureInfo.InvariantCulture, $"--port={Port}"), $"--pid-file={Path.Combine(SocketFolder, "mysqld.pid")}",
                $"--init-file={accounts}", "--skip-name-resolve", "--local-infile=ON", "--skip-log-bin", "--performance-schema=OFF",
                "--character-set-server=utf8mb4", "--max-connections=600", "--max-allowed-packet=64M", "--innodb-buffer-pool-size=256M",
                "--innodb-log-file-size=32M", .. durability,
            ])
        { RunAs = RunAs, StopSignal = Settings.Durable ? OrderlyStop : "KILL" };
    }

    protected override async Task<bool> AnswersAsync(CancellationToken ct)
    {
        try
        {
            // Without the pool: it would keep a connection to a server that may go away.
            await using var connection = new MySqlConnection($"{ConnectionString};Pooling=false;Connection Timeout=2");
            await connection.OpenAsync(ct);
            await using var query = new MySqlCommand("SELECT @@datadir", connection);
            return $"{await query.ExecuteScalarAsync(ct)}".TrimEnd('/') == DataDirectory;
        }
        catch (MySqlException)
        {
            // Not up yet, or something else listens there; the caller's deadline decides.
            return false;
        }
    }

    /// <summary>Run by the server at each start, so the account and its password are right even if the password file was renewed.</summary>
    private string AdministratorSql() => string.Concat(LocalHosts.Select(host =>
        $"""
        CREATE USER IF NOT EXISTS '{Administrator}'@'{host}' IDENTIFIED BY '{Password}';
        ALTER USER '{Administrator}'@'{host}' IDENTIFIED BY '{Password}';
        GRANT ALL PRIVILEGES ON *.* TO '{Administrator}'@'{host}' WITH GRANT OPTION;

        """));
}
