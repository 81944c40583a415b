using System.Globalization;
using System.Text;
using CloneHub.Provisioning.WordPress.Import;
using MySqlConnector;

namespace CloneHub.Provisioning.WordPress.PublicSite;

/// <summary>The clone's tables that content goes into. Rows are written as they are: no hook, filter or sanitising of WordPress comes between.</summary>
internal sealed class ContentTables(MySqlConnection connection, CancellationToken cancellation)
{
    private const int MostRows = 200;
    private const int MostLetters = 2 << 20;

    private static readonly string[] Emptied =
        ["posts", "postmeta", "terms", "term_taxonomy", "term_relationships", "termmeta", "comments", "commentmeta", "links", "users", "usermeta"];

    internal static string Name(string table) => FreshSite.TablePrefix + table;

    internal async Task EmptyAsync()
    {
        foreach (var table in Emptied) await RunAsync($"TRUNCATE TABLE {Name(table)}");
    }

    /// <param name="columns">As they stand in the statement: "ID, post_title".</param>
    internal async Task InsertAsync(string table, string columns, IReadOnlyCollection<object?[]> rows)
    {
        var batch = new List<object?[]>();
        var letters = 0;
        foreach (var row in rows)
        {
            batch.Add(row);
            letters += row.Sum(value => value is string text ? text.Length : 8);
            if (batch.Count < MostRows && letters < MostLetters) continue;
            await InsertBatchAsync(table, columns, batch);
            batch.Clear();
            letters = 0;
        }

        if (batch.Count > 0) await InsertBatchAsync(table, columns, batch);
    }

    internal Task SetOptionAsync(string name, string value) => RunAsync(
        $"INSERT INTO {Name("options")} (option_name, option_value, autoload) VALUES (@name, @value, 'yes') ON DUPLICATE KEY UPDATE option_value = @value",
        new MySqlParameter("@name", name), new MySqlParameter("@value", value));

    internal Task<int> RunAsync(string sql, params MySqlParameter[] parameters) => ImportSession.ExecuteAsync(connection, sql, cancellation, parameters);

    internal async Task<long> CountAsync(string table, string where = "TRUE")
    {
        await using var query = new MySqlCommand($"SELECT COUNT(*) FROM {Name(table)} WHERE {where}", connection);
        return Convert.ToInt64(await query.ExecuteScalarAsync(cancellation), CultureInfo.InvariantCulture);
    }

    internal async Task<IReadOnlyList<long>> NumbersAsync(string sql)
    {
        await using var query = new MySqlCommand(sql, connection);
        await using var rows = await query.ExecuteReaderAsync(cancellation);
        var numbers = new List<long>();
        while (await rows.ReadAsync(cancellation)) numbers.Add(rows.GetInt64(0));
        return numbers;
    }

    /// <summary>Names of all tables, without the prefix.</summary>
    internal async Task<IReadOnlyList<string>> NamesAsync()
    {
        await using var query = new MySqlCommand("SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_name", connection);
        await using var rows = await query.ExecuteReaderAsync(cancellation);
        var names = new List<string>();
        while (await rows.ReadAsync(cancellation)) names.Add(rows.GetString(0)[FreshSite.TablePrefix.Length..]);
        return names;
    }

    private async Task InsertBatchAsync(string table, string columns, List<object?[]> rows)
    {
        var sql = new StringBuilder($"INSERT INTO {Name(table)} ({columns}) VALUES ");
        await using var command = new MySqlCommand { Connection = connection };
        for (var row = 0; row < rows.Count; row++)
        {
            sql.Append(row == 0 ? "(" : ", (");
            for (var column = 0; column < rows[row].Length; column++)
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"@v{row}_{column}");
                sql.Append(column == 0 ? "" : ", ").Append(name);
                command.Parameters.AddWithValue(name, rows[row][column]);
            }

            sql.Append(')');
        }

        command.CommandText = sql.ToString();
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
