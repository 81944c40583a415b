using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CloneHub.Contracts;
using MySqlConnector;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>One table on its way into the clone.</summary>
internal sealed class TablePlan(SourceTable table)
{
    /// <summary>Stands for NULL in a column's sum; no CRC-32 is that large.</summary>
    private const long NullMark = 4294967311;

    /// <summary>Of the values as the source sent them, and as they went to the clone.</summary>
    private readonly Int128[] _source = new Int128[table.Columns.Count];
    private readonly Int128[] _sums = new Int128[table.Columns.Count];
    private long _rewritten;

    internal SourceTable Table { get; } = table;

    internal ColumnPlan[] Columns { get; } = MakeColumns(table);

    internal long Rows { get; private set; }

    /// <summary>Once the table was compared.</summary>
    internal TableProof? Proof { get; private set; }

    internal void CountRow() => Rows++;

    /// <param name="rewritten">Null where the value goes to the clone as it is.</param>
    internal void Sum(int column, ReadOnlySpan<byte> value, byte[]? rewritten)
    {
        if (rewritten is not null) _rewritten++;
        if (!Columns[column].IsCompared) return;
        var sent = Crc32.Append(0, value);
        _source[column] += sent;
        _sums[column] += rewritten is null ? sent : Crc32.Append(0, rewritten);
    }

    internal void SumNull(int column)
    {
        _source[column] += NullMark;
        _sums[column] += NullMark;
    }

    internal void Configure(MySqlBulkLoader loader)
    {
        loader.TableName = TableDdl.Quote(Table.Name);
        loader.Local = true;
        loader.CharacterSet = "binary";
        loader.FieldTerminator = "\t";
        loader.LineTerminator = "\n";
        loader.EscapeCharacter = '\\';
        loader.Timeout = 0;
        for (var i = 0; i < Columns.Length; i++)
        {
            var name = TableDdl.Quote(Columns[i].Column.Name);

            var value = Columns[i].Load($"@v{i}");
            loader.Columns.Add(value is null ? name : $"@v{i}");
            if (value is not null) loader.Expressions.Add($"{name} = {value}");
        }
    }

    /// <summary>Reads the table back and compares its rows and each column's sum with what was sent.</summary>
    internal async Task VerifyAsync(MySqlConnection connection, CancellationToken cancellation)
    {
        var sums = Columns.Select(plan => plan.IsCompared
            ? $"COALESCE(SUM(COALESCE(CRC32({TableDdl.Quote(plan.Column.Name)}), {NullMark})), 0)"
            : "CAST(0 AS DECIMAL)");
        await using var command = connection.CreateCommand();
        command.CommandTimeout = 0;
        command.CommandText = $"SELECT {string.Join(", ", sums.Prepend("COUNT(*)"))} FROM {TableDdl.Quote(Table.Name)}";
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        var rows = reader.GetInt64(0);
        if (rows != Rows) throw ImportFault.Verification($"Table {Table.Name} has {rows} rows in the clone, {Rows} were sent.");
        for (var i = 0; i < Columns.Length; i++)
        {
            var sum = (Int128)reader.GetDecimal(i + 1);
            if (Columns[i].IsCompared && sum != _sums[i])
                throw ImportFault.Verification($"Table {Table.Name}: the values of column {Columns[i].Column.Name} differ from what was sent.");
        }

        Proof = new TableProof(Table.Name, rows, Columns.Length, Columns.Count(plan => plan.IsCompared), _rewritten, SumOf(_source), SumOf(_sums));
    }

    /// <summary>One line with the number of rows, then one for each compared column. The order of rows has no part in it.</summary>
    private string SumOf(Int128[] sums)
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"rows\t{Rows}\n");
        foreach (var (at, plan) in Columns.Index())
            if (plan.IsCompared) text.Append(CultureInfo.InvariantCulture, $"{plan.Column.Name}\t{sums[at]}\n");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    private static ColumnPlan[] MakeColumns(SourceTable table)
    {
        var unique = TableDdl.UniqueColumns(table.CreateSql);
        return [.. table.Columns.Where(column => !column.IsGenerated).Select(column => ColumnPlan.Of(table, column, unique))];
    }
}
