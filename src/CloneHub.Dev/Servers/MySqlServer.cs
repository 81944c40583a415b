using CloneHub.Dev.Processes;

namespace CloneHub.Dev.Servers;

/// <summary>A MySQL beside the MariaDB of Debian, for sites that have their databases on one.</summary>
internal sealed class MySqlServer(MySqlProgram program, DirectoryInfo folder, DirectoryInfo sockets, ServerSettings settings)
    : MySqlKindServer("mysql", folder, new DirectoryInfo(Path.Combine(sockets.FullName, "mysql")), settings)
{
    private const string SmallLog = "--innodb-redo-log-capacity=16M";

    protected override Task InitialiseAsync(CancellationToken ct) => InitialiseAsync(
        folder => Command.RunAsync(
            program.Loader,
            [.. program.Start, "--initialize-insecure", $"--datadir={folder}", "--innodb-flush-method=nosync", SmallLog],
            new CommandSettings { RunAs = RunAs },
            ct),
        ct);

    protected override async Task<DaemonSpec> DescribeAsync(CancellationToken ct) => new(
        Name,
        program.Loader,
        [.. program.Start, .. await CommonOptionsAsync(ct), "--mysqlx=OFF", "--innodb-buffer-pool-size=128M", SmallLog])
    { RunAs = RunAs, StopSignal = Settings.Durable ? OrderlyStop : "KILL" };

    /// <summary>A fresh MySQL has a root without a password; our own administrator takes its place.</summary>
    protected override string AccountsSql() => $"{base.AccountsSql()}DROP USER IF EXISTS 'root'@'localhost';\n";
}
