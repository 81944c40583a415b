using System.Globalization;
using CloneHub.Dev.Processes;
using MySqlConnector;

namespace CloneHub.Dev.Servers;

/// <summary>What MariaDB and MySQL have in common: their protocol, most of their options, and how an administrator is made.</summary>
internal abstract class MySqlKindServer(string name, DirectoryInfo folder, DirectoryInfo sockets, ServerSettings settings)
    : PrivateServer(name, Account.OfService("mysql"), folder, settings)
{
    public const string Administrator = "clonehub";
    private static readonly string[] LocalHosts = ["localhost", "127.0.0.1"];

    public string Socket => Path.Combine(sockets.FullName, "mysqld.sock");

    public string ConnectionString => new MySqlConnectionStringBuilder
    {
        ConnectionProtocol = MySqlConnectionProtocol.Unix,
        Server = Socket,
        UserID = Administrator,
        Password = Password,
        AllowLoadLocalInfile = true,
        AllowUserVariables = true,
    }.ConnectionString;

    protected override string OrderlyStop => "TERM";

    /// <summary>Makes <see cref="PrivateServer.DataDirectory"/> by the server's own means, whole or not at all.</summary>
    protected async Task InitialiseAsync(Func<string, Task> fill, CancellationToken ct)
    {
        var unfinished = $"{DataDirectory}.new";
        await Command.RunAsync("rm", ["-rf", unfinished], ct);
        await RunAs.CreateDirectoryAsync(unfinished, "0700", ct);
        await fill(unfinished);
        Directory.Move(unfinished, DataDirectory);
    }

    /// <summary>Options that both know.</summary>
    protected async Task<IReadOnlyList<string>> CommonOptionsAsync(CancellationToken ct)
    {
        await RunAs.CreateDirectoryAsync(sockets.FullName, "0755", ct);
        var accounts = Path.Combine(Folder.FullName, "accounts.sql");
        await RunAs.WriteSecretAsync(accounts, AccountsSql(), ct);
        string[] durability = Settings.Durable ? [] : ["--innodb-flush-log-at-trx-commit=2", "--innodb-flush-method=nosync"];
        return
        [
            $"--datadir={DataDirectory}", $"--socket={Socket}", "--bind-address=127.0.0.1",
            string.Create(CultureInfo.InvariantCulture, $"--port={Port}"), $"--pid-file={Path.Combine(sockets.FullName, "mysqld.pid")}",
            $"--init-file={accounts}", "--skip-name-resolve", "--local-infile=ON", "--skip-log-bin", "--performance-schema=OFF",
            "--character-set-server=utf8mb4", "--max-connections=600", "--max-allowed-packet=64M", .. durability,
        ];
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
    protected virtual string AccountsSql() => string.Concat(LocalHosts.Select(host =>
        $"""
        CREATE USER IF NOT EXISTS '{Administrator}'@'{host}' IDENTIFIED BY '{Password}';
        ALTER USER '{Administrator}'@'{host}' IDENTIFIED BY '{Password}';
        GRANT ALL PRIVILEGES ON *.* TO '{Administrator}'@'{host}' WITH GRANT OPTION;

        """));
}
