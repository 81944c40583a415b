using System.Globalization;
using CloneHub.Dev.Processes;

namespace CloneHub.Dev.Servers;

internal sealed class PostgreSqlServer(DirectoryInfo folder, ServerSettings settings)
    : PrivateServer("postgresql", Account.OfService("postgres"), folder, settings)
{
    public const string Owner = "clonehub";
    private static readonly Lazy<string> Programs = new(FindPrograms);

    public string ConnectionString(string database) =>
        $"Host=127.0.0.1;Port={Port};Database={database};Username={Owner};Password={Password};Include Error Detail=true";

    public Task<string> QueryAsync(string database, string sql, CancellationToken ct) =>
        Command.RunAsync(Program("psql"), PsqlArguments(database, sql), PsqlSettings, ct);

    protected override string OrderlyStop => "INT";

    protected override async Task InitialiseAsync(CancellationToken ct)
    {
        var unfinished = $"{DataDirectory}.new";
        await Command.RunAsync("rm", ["-rf", unfinished], ct);
        await RunAs.CreateDirectoryAsync(unfinished, "0700", ct);
        var passwordFile = Path.Combine(Folder.FullName, "initial-password");
        await RunAs.WriteSecretAsync(passwordFile, Password, ct);
        await Command.RunAsync(
            Program("initdb"),
            ["-D", unfinished, "-U", Owner, "--auth=scram-sha-256", $"--pwfile={passwordFile}", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"],
            new CommandSettings { RunAs = RunAs },
            ct);
        await Command.RunAsync(
            Program("postgres"),
            ["--single", "-D", unfinished, "postgres"],
            new CommandSettings { RunAs = RunAs, Input = "CREATE DATABASE clonehub\n"u8.ToArray() },
            ct);
        File.Delete(passwordFile);
        Directory.Move(unfinished, DataDirectory);
    }

    protected override Task<DaemonSpec> DescribeAsync(CancellationToken ct)
    {
        string[] settings =
        [
            $"port={Port.ToString(CultureInfo.InvariantCulture)}", "listen_addresses=127.0.0.1", "unix_socket_directories=",
            "max_connections=300", "shared_buffers=128MB", "logging_collector=off",

            // A new database has no statistics, and without them whole tables are read for a few rows; usually the first look comes after a minute.
            "autovacuum_naptime=5s",
            .. Settings.Durable ? Array.Empty<string>() : ["fsync=off", "full_page_writes=off"],
        ];
        string[] arguments = ["-D", DataDirectory, .. settings.SelectMany(setting => new[] { "-c", setting })];
        return Task.FromResult(new DaemonSpec(Name, Program("postgres"), arguments) { RunAs = RunAs, StopSignal = Settings.Durable ? OrderlyStop : "QUIT" });
    }

    protected override async Task<bool> AnswersAsync(CancellationToken ct)
    {
        var (exitCode, output, _) = await Command.TryRunAsync(Program("psql"), PsqlArguments("clonehub", "SHOW data_directory"), PsqlSettings, ct);
        return exitCode == 0 && output.Trim() == DataDirectory;
    }

    private CommandSettings PsqlSettings => new() { Environment = new Dictionary<string, string> { ["PGPASSWORD"] = Password } };

    private string[] PsqlArguments(string database, string sql) =>
    [
        "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", Port.ToString(CultureInfo.InvariantCulture), "-U", Owner, "-d", database, "-c", sql,
    ];

    private static string Program(string name) => Path.Combine(Programs.Value, name);

    /// <summary>Debian keeps the server's programs out of the PATH, one folder per version.</summary>
    private static string FindPrograms()
    {
        var versions = new DirectoryInfo("/usr/lib/postgresql");
        var newest = (versions.Exists ? versions.GetDirectories() : [])
            .Where(version => File.Exists(Path.Combine(version.FullName, "bin", "postgres")))
            .MaxBy(version => int.TryParse(version.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0);
        return newest is null
            ? throw new SetUpException("PostgreSQL is not installed (no /usr/lib/postgresql/*/bin/postgres). Install the package postgresql.")
            : Path.Combine(newest.FullName, "bin");
    }
}
