using MySqlConnector;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>Connections of an import: values are taken as they are, whatever the server is set to.</summary>
internal static class ImportSession
{
    /// <summary>
    /// unique_checks stays on: switching it off turns on MariaDB's bulk mode, which was slower here (4.6 s instead of 3.9 s for 13 MB of rows).
    /// </summary>
    private const string Settings =
        "SET SESSION foreign_key_checks=0, sql_mode='NO_AUTO_VALUE_ON_ZERO', time_zone='+00:00', innodb_lock_wait_timeout=20, net_read_timeout=600, net_write_timeout=600";

    /// <param name="loads">Whether the server may ask for data of ours: never where it runs what a source wrote.</param>
    internal static MySqlDataSource Connect(CloneTarget target, bool loads) => new(new MySqlConnectionStringBuilder(target.DatabaseConnectionString)
    {
        Database = target.DatabaseName,
        AllowLoadLocalInfile = loads,
        AllowUserVariables = true,
        AllowZeroDateTime = true,
        CharacterSet = "utf8mb4",
        ConnectionReset = false,
        DefaultCommandTimeout = 300,
    }.ConnectionString);

    internal static async Task<MySqlConnection> OpenAsync(MySqlDataSource database, CancellationToken cancellation)
    {
        var connection = await database.OpenConnectionAsync(cancellation);
        try
        {
            await ExecuteAsync(connection, Settings, cancellation);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    internal static Task<int> ExecuteAsync(MySqlConnection connection, string sql, CancellationToken cancellation, params MySqlParameter[] parameters) =>
        ExecuteAsync(new MySqlCommand(sql, connection), parameters, cancellation);

    internal static Task<int> ExecuteAsync(MySqlTransaction transaction, string sql, CancellationToken cancellation, params MySqlParameter[] parameters) =>
        ExecuteAsync(new MySqlCommand(sql, transaction.Connection, transaction), parameters, cancellation);

    /// <summary>An earlier attempt may live on somewhere, with a table in its hands: what it loads is taken back with its connection.</summary>
    internal static async Task EndOthersAsync(MySqlConnection connection, CancellationToken cancellation)
    {
        var others = new List<long>();
        await using (var command = new MySqlCommand("SELECT ID FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> CONNECTION_ID() AND (INFO LIKE 'LOAD DATA%' OR INFO LIKE 'DELETE FROM%')", connection))
        await using (var reader = await command.ExecuteReaderAsync(cancellation))
            while (await reader.ReadAsync(cancellation)) others.Add(reader.GetInt64(0));
        foreach (var other in others)
        {
            try
            {
                await ExecuteAsync(connection, $"KILL {other}", cancellation);
            }
            catch (MySqlException fault) when (fault.ErrorCode == MySqlErrorCode.NoSuchThread)
            {
                // It has ended by itself.
            }
        }
    }

    private static async Task<int> ExecuteAsync(MySqlCommand command, MySqlParameter[] parameters, CancellationToken cancellation)
    {
        await using (command)
        {
            command.Parameters.AddRange(parameters);
            return await command.ExecuteNonQueryAsync(cancellation);
        }
    }
}
