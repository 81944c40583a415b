using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using CloneHub.Provisioning.WordPress;
using MySqlConnector;

namespace CloneHub.Provisioning.Tests.WordPress.Import;

/// <summary>Reads a database as the connector does, without a site around it: definitions, columns, and values as the server stores them.</summary>
internal sealed class TableReader(string connectionString)
{
    internal int BatchRows { get; init; } = 1000;

    internal async Task ExecuteAsync(string sql)
    {
        await using var connection = new MySqlConnection(connectionString + ";Allow User Variables=true");
        await connection.OpenAsync();
        await using var command = new MySqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    internal async Task<SourceSchema> SchemaAsync()
    {
        await using var connection = new MySqlConnection(connectionString);
        await connection.OpenAsync();
        var names = await RowsAsync(connection, "SHOW FULL TABLES");
        var tables = new List<SourceTable>();
        foreach (var name in names) tables.Add(await TableAsync(connection, name[0], name[1] == "VIEW"));
        var triggers = new List<SourceTrigger>();
        foreach (var trigger in await RowsAsync(connection, "SELECT TRIGGER_NAME, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()"))
            triggers.Add(new SourceTrigger(trigger[0], trigger[1], (await RowsAsync(connection, $"SHOW CREATE TRIGGER `{trigger[0]}`"))[0][2]));
        return new SourceSchema(tables, triggers, []);
    }

    internal async IAsyncEnumerable<DumpItem> DumpAsync(SourceSchema schema, IReadOnlyList<DumpRequest> requests, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        foreach (var request in requests)
        {
            yield return new TableStarted(request.Table);
            var columns = schema.Tables.Single(table => table.Name == request.Table).Columns.Where(column => !column.IsGenerated).ToArray();
            var rows = await ReadAsync(request.Table, columns, request.Range is { } keys ? Within(request.Key[0], keys) : "", cancellation);
            var key = request.Key is [var name] && columns.Single(column => column.Name == name).DataType == "int" ? Array.FindIndex(columns, column => column.Name == name) : -1;
            var read = request.From?.Rows ?? 0;
            var left = request.From is not { } from ? rows : key < 0 ? rows[(int)from.Rows..] : rows.FindAll(row => Number(row[key]!) > Number(from.After[0]));
            foreach (var batch in left.Chunk(BatchRows))
            {
                read += batch.Length;
                yield return new TableRows(request.Table, Wire(batch, columns.Length), new DumpPosition(read, key < 0 ? [] : [batch[^1][key]!]));
            }

            yield return new TableEnded(request.Table, read, rows.Count);
        }
    }

    /// <summary>The same sums as those that a connector makes.</summary>
    internal async IAsyncEnumerable<RangeSum> SumsAsync(IReadOnlyList<SumsRequest> requests, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await using var connection = new MySqlConnection(connectionString);
        await connection.OpenAsync(cancellation);
        foreach (var request in requests)
        {
            var row = request.Columns.Count == 0 ? "0" : $"CRC32(CONCAT_WS(',', {string.Join(", ", request.Columns.Select(column => $"COALESCE(CRC32(`{column}`), 4294967311)"))}))";
            for (var range = 0; range < request.Until.Count; range++)
            {
                var where = request.Key is { } key ? Within(key, new KeyRange(range > 0 ? request.Until[range - 1] : null, request.Until[range])) : "";
                var sums = (await RowsAsync(connection, $"SELECT COUNT(*), COALESCE(SUM({row} * {row} % {RangeSum.Prime}), 0) FROM `{request.Table}`{where}"))[0];
                yield return new RangeSum(request.Table, range, long.Parse(sums[0], CultureInfo.InvariantCulture), Int128.Parse(sums[1], CultureInfo.InvariantCulture));
            }
        }
    }

    internal async Task<List<byte[]?[]>> ReadAsync(string table, IReadOnlyList<SourceColumn> columns, string where = "", CancellationToken cancellation = default)
    {
        await using var connection = new MySqlConnection(connectionString);
        await connection.OpenAsync(cancellation);
        await using (var session = new MySqlCommand("SET time_zone='+00:00', sql_mode=''", connection)) await session.ExecuteNonQueryAsync(cancellation);
        var rows = new List<byte[]?[]>();
        await using var command = new MySqlCommand($"SELECT {string.Join(", ", columns.Select(Expression))} FROM `{table.Replace("`", "``", StringComparison.Ordinal)}`{where}", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
            rows.Add([.. Enumerable.Range(0, columns.Count).Select(index => reader.IsDBNull(index) ? null : (byte[])reader.GetValue(index))]);
        return rows;
    }

    /// <summary>One text for each row, in order.</summary>
    internal static string[] Texts(List<byte[]?[]> rows) =>
        [.. rows.Select(row => string.Join('|', row.Select(value => value is null ? "NULL" : Encoding.UTF8.GetString(value)))).Order(StringComparer.Ordinal)];

    private static int Number(byte[] value) => int.Parse(value, CultureInfo.InvariantCulture);

    private static string Within(string key, KeyRange keys) =>
        string.Create(CultureInfo.InvariantCulture, $" WHERE `{key}` > {keys.Above ?? long.MinValue} AND `{key}` <= {keys.Until ?? long.MaxValue}");

    private static string Expression(SourceColumn column)
    {
        var name = $"`{column.Name.Replace("`", "``", StringComparison.Ordinal)}`";
        return column.DataType switch
        {
            "float" => $"CAST(CAST({name} AS DOUBLE) AS BINARY)",
            "bit" => $"CAST({name}+0 AS BINARY)",
            "inet6" or "inet4" or "uuid" => $"CAST(CAST({name} AS CHAR) AS BINARY)",
            _ => $"CAST({name} AS BINARY)",
        };
    }

    private static async Task<SourceTable> TableAsync(MySqlConnection connection, string name, bool isView)
    {
        var columns = (await RowsAsync(
            connection,
            $"SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, COALESCE(CHARACTER_SET_NAME, ''), EXTRA FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '{name}' ORDER BY ORDINAL_POSITION"))
            .Select(row => new SourceColumn(row[0], row[1], row[2], row[3], row[4].Contains("GENERATED", StringComparison.Ordinal))).ToArray();
        var key = (await RowsAsync(
            connection,
            $"SELECT COLUMN_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '{name}' AND INDEX_NAME = 'PRIMARY' ORDER BY SEQ_IN_INDEX"))
            .Select(row => row[0]).ToArray();
        var create = (await RowsAsync(connection, $"SHOW CREATE {(isView ? "VIEW" : "TABLE")} `{name}`"))[0][1];
        return new SourceTable(name, isView, create.Contains("ENGINE=MyISAM", StringComparison.Ordinal) ? "MyISAM" : "InnoDB", "", columns, key, create, 0, 0);
    }

    private static async Task<List<string[]>> RowsAsync(MySqlConnection connection, string sql)
    {
        await using var command = new MySqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string[]>();
        while (await reader.ReadAsync()) rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(index => reader.IsDBNull(index) ? "" : Convert.ToString(reader.GetValue(index), CultureInfo.InvariantCulture)!)]);
        return rows;
    }

    private static RowBatch Wire(byte[]?[][] rows, int columns)
    {
        var wire = new ArrayBufferWriter<byte>();
        foreach (var value in rows.SelectMany(row => row))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(wire.GetSpan(4), value is null ? 0xffffffff : (uint)value.Length);
            wire.Advance(4);
            if (value is not null) wire.Write(value);
        }

        return new RowBatch(wire.WrittenMemory, rows.Length, columns);
    }
}
