using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using MySqlConnector;

namespace CloneHub.Testing;

/// <summary>The sum of a table as docs/fidelity.md tells how to make it: by SQL and SHA-256, without CloneHub.</summary>
public static class TableSums
{
    public static async Task<string> OfAsync(string connectionString, string table, IReadOnlyList<string> columns)
    {
        await using var connection = new MySqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        var numbers = columns.Select(column => $"COALESCE(CRC32(`{column}`), 4294967311)").ToArray();
        command.CommandText = $"SELECT COUNT(*), {string.Join(", ", numbers.Select(number => $"COALESCE(SUM({number}), 0)"))}, COALESCE(SUM(CRC32(CONCAT_WS(',', {string.Join(", ", numbers)}))), 0) FROM `{table}`";
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        var lines = new StringBuilder().Append(CultureInfo.InvariantCulture, $"rows\t{reader.GetInt64(0)}\n");
        foreach (var (at, column) in columns.Index()) lines.Append(CultureInfo.InvariantCulture, $"{column}\t{reader.GetDecimal(at + 1)}\n");
        lines.Append(CultureInfo.InvariantCulture, $"row\t{reader.GetDecimal(columns.Count + 1)}\n");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(lines.ToString())));
    }
}
