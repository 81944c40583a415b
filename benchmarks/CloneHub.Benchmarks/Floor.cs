using CloneHub.Dev.Processes;
using CloneHub.Dev.WordPress;
using MySqlConnector;

namespace CloneHub.Benchmarks;

/// <param name="Database">Seconds.</param>
/// <param name="Files">Seconds.</param>
/// <param name="Both">Seconds, both at once.</param>
internal sealed record FloorSeconds(double Database, double Files, double Both);

/// <summary>
/// What the copy of a site takes at least: its database through <c>mariadb-dump | mariadb</c> into another one of the same server, its files through
/// <c>tar | tar</c> into another folder of the same disk. Nothing is rewritten, compared or sent over a network.
/// </summary>
internal sealed class Floor : IAsyncDisposable
{
    private const string Scratch = "clonehub_bench_floor";
    private readonly SourceSite _source;
    private readonly string _database;
    private readonly MySqlConnectionStringBuilder _server;
    private readonly DirectoryInfo _folder;

    private Floor(Stage stage, SourceSite source)
    {
        _source = source;
        _database = new MySqlConnectionStringBuilder(source.ConnectionString).Database;
        _server = new MySqlConnectionStringBuilder(stage.Servers.MariaDbConnectionString);
        _folder = stage.State.CreateSubdirectory("floor");
    }

    private string Login => Path.Combine(_folder.FullName, "client.cnf");

    private string Tree => Path.Combine(_folder.FullName, "www");

    public static async Task<Floor> OpenAsync(Stage stage, SourceSite source, CancellationToken ct)
    {
        var floor = new Floor(stage, source);
        await Account.Self.WriteSecretAsync(floor.Login, $"[client]\nuser={floor._server.UserID}\npassword={floor._server.Password}\nsocket={floor._server.Server}\n", ct);
        return floor;
    }

    public async Task<FloorSeconds> MeasureAsync(CancellationToken ct) => new(
        await TimeAsync(() => CopyDatabaseAsync(ct), ct), await TimeAsync(() => CopyFilesAsync(ct), ct),
        await TimeAsync(() => Task.WhenAll(CopyDatabaseAsync(ct), CopyFilesAsync(ct)), ct));

    public async ValueTask DisposeAsync()
    {
        await ClearAsync(CancellationToken.None);
        _folder.Delete(recursive: true);
    }

    private Task CopyDatabaseAsync(CancellationToken ct) =>
        PipeAsync($"mariadb-dump --defaults-file='{Login}' --single-transaction --no-tablespaces '{_database}' | mariadb --defaults-file='{Login}' {Scratch}", ct);

    private Task CopyFilesAsync(CancellationToken ct) => PipeAsync($"tar -C '{_source.Root.FullName}' -cf - . | tar -C '{Tree}' -xf -", ct);

    private static async Task PipeAsync(string pipe, CancellationToken ct) => await Command.RunAsync("bash", ["-o", "pipefail", "-c", pipe], ct);

    private async Task<double> TimeAsync(Func<Task> work, CancellationToken ct)
    {
        await ClearAsync(ct);
        Directory.CreateDirectory(Tree);
        await ExecuteAsync($"CREATE DATABASE {Scratch} CHARACTER SET utf8mb4", ct);
        var started = TimeProvider.System.GetTimestamp();
        await work();
        return TimeProvider.System.GetElapsedTime(started).TotalSeconds;
    }

    private async Task ClearAsync(CancellationToken ct)
    {
        await ExecuteAsync($"DROP DATABASE IF EXISTS {Scratch}", ct);
        if (Directory.Exists(Tree)) Directory.Delete(Tree, recursive: true);
    }

    private async Task ExecuteAsync(string sql, CancellationToken ct)
    {
        await using var connection = new MySqlConnection(_server.ConnectionString);
        await connection.OpenAsync(ct);
        await using var command = new MySqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(ct);
    }
}
