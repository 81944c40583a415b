using System.Security.Cryptography;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;
using MySqlConnector;

namespace CloneHub.Dev.WordPress;

/// <summary>A database with a user of the same name that may use it and nothing else.</summary>
internal sealed record SiteDatabase(DatabaseServer Server, string Name, string Password)
{
    public string Socket => Server.Socket;

    /// <summary>Connection of the administrator to this database.</summary>
    public string ConnectionString => new MySqlConnectionStringBuilder(Server.ConnectionString) { Database = Name }.ConnectionString;

    public static async Task<SiteDatabase> CreateAsync(DatabaseServer server, string name, CancellationToken ct)
    {
        var database = new SiteDatabase(server, name, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)));
        await database.ExecuteAsync(
            $"""
            DROP DATABASE IF EXISTS `{name}`; CREATE DATABASE `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;
            DROP USER IF EXISTS '{name}'@'localhost'; CREATE USER '{name}'@'localhost' IDENTIFIED BY '{database.Password}'; GRANT ALL ON `{name}`.* TO '{name}'@'localhost';
            """,
            ct);
        return database;
    }

    public Task DropAsync(CancellationToken ct) => ExecuteAsync($"DROP DATABASE IF EXISTS `{Name}`; DROP USER IF EXISTS '{Name}'@'localhost'", ct);

    public async Task DumpAsync(string file, CancellationToken ct)
    {
        var options = $"{file}.cnf";
        await Account.Self.WriteSecretAsync(options, $"[client]\nuser={Name}\npassword={Password}\nsocket={Socket}\n", ct);
        await Command.RunAsync(
            "mariadb-dump",
            [$"--defaults-file={options}", "--no-tablespaces", "--skip-comments", "--hex-blob", "--default-character-set=utf8mb4", $"--result-file={file}", Name],
            ct);
        File.Delete(options);
    }

    private async Task ExecuteAsync(string sql, CancellationToken ct)
    {
        await using var connection = new MySqlConnection(Server.ConnectionString);
        await connection.OpenAsync(ct);
        await using var command = new MySqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(ct);
    }
}
