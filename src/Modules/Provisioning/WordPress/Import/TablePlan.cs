using System.Buffers.Text;
using CloneHub.Contracts;
using MySqlConnector;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>One table on its way into the clone.</summary>
internal sealed class TablePlan
{
    private static readonly string[] Whole = ["tinyint", "smallint", "mediumint", "int", "bigint"];

    /// <summary>Of the values as the source sent them, and as they went to the clone.</summary>
    private readonly ValueSums _source;
    private readonly ValueSums _clone;

    /// <summary>Of the source's rows that do not change by themselves; null if the table has no others.</summary>
    private readonly SettledSums? _settled;
    private readonly int _key;
    private long _rewritten;
    private long? _lastKey;

    /// <param name="rewritesNames">Also what only looks like an address: a restore takes those of its clone back.</param>
    /// <param name="comparesJson">False for a server that writes JSON in its own way, whatever it is sent.</param>
    internal TablePlan(SourceTable table, bool rewritesNames = false, bool comparesJson = true)
    {
        (Table, Columns) = (table, MakeColumns(table, rewritesNames, comparesJson));
        (_source, _clone) = (new ValueSums(Columns), new ValueSums(Columns));
        _settled = SettledSums.Of(table, Columns);
        _key = NumberKey(table) is { } key ? Array.FindIndex(Columns, plan => plan.Column.Name == key) : -1;
    }

    /// <summary>The column of whole numbers that leads to one row each; null if there is none.</summary>
    internal static string? NumberKey(SourceTable table) =>
        table.Key is [var key] && table.Columns.Any(column => column.Name == key && IsWhole(column)) ? key : null;

    internal static bool IsWhole(SourceColumn column) => Whole.Contains(column.DataType);

    internal SourceTable Table { get; }

    internal ColumnPlan[] Columns { get; }

    /// <summary>Rows of a transaction that was cut off are gone again.</summary>
    internal bool IsTransactional => Table.Engine.Equals("InnoDB", StringComparison.OrdinalIgnoreCase);

    /// <summary>What is to be told of its values.</summary>
    internal ImportWarnings Warnings { get; } = new();

    internal long Rows { get; private set; }

    /// <summary>Where an earlier import has come to; null if it has brought nothing of this table.</summary>
    internal DumpPosition? From { get; private set; }

    /// <summary>Once the table was compared.</summary>
    internal TableProof? Proof { get; private set; }

    /// <summary>What is known of the rows so far, so that another import may go on after them.</summary>
    internal TableState Save()
    {
        var settled = _settled?.Save();
        return new TableState(Rows, _rewritten, _lastKey, _source.Save(), _clone.Save(), settled?.Rows ?? 0, settled?.Sums, Warnings.Save(), Proof);
    }

    internal void Resume(TableState state)
    {
        (Rows, _rewritten, _lastKey, Proof) = (state.Rows, state.Rewritten, state.LastKey, state.Proof);
        _source.Resume(state.SourceSums);
        _clone.Resume(state.CloneSums);
        if (state.SettledSums is { } settled) _settled?.Resume(state.SettledRows, settled);
        Warnings.Add(state.Warnings);
        From = new DumpPosition(state.Rows, state.After);
    }

    internal void EndRow()
    {
        Rows++;
        _source.EndRow();
        _clone.EndRow();
        _settled?.EndRow();
    }

    /// <param name="rewritten">Null where the value goes to the clone as it is.</param>
    internal void Sum(int column, ReadOnlySpan<byte> value, byte[]? rewritten)
    {
        if (rewritten is not null) _rewritten++;
        if (column == _key && Utf8Parser.TryParse(value, out long key, out var read) && read == value.Length && !(key <= _lastKey)) _lastKey = key;
        if (!Columns[column].IsCompared) return;
        var sent = Crc32.Append(0, value);
        _settled?.Add(column, value, sent);
        _source.Add(column, sent);
        _clone.Add(column, rewritten is null ? sent : Crc32.Append(0, rewritten));
    }

    internal void SumNull(int column)
    {
        if (!Columns[column].IsCompared) return;
        _source.AddNull(column);
        _clone.AddNull(column);
        _settled?.AddNull(column);
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

    /// <summary>Reads the table back and compares its rows and all sums with what was sent.</summary>
    internal async Task VerifyAsync(MySqlConnection connection, CancellationToken cancellation)
    {
        await using var command = connection.CreateCommand();
        command.CommandTimeout = 0;
        command.CommandText = $"SELECT {string.Join(", ", ValueSums.Expressions(Columns).Prepend("COUNT(*)"))} FROM {TableDdl.Quote(Table.Name)}";
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        var rows = reader.GetInt64(0);
        Check(rows, [.. Enumerable.Range(1, Columns.Length + 1).Select(reader.GetDecimal)]);
    }

    /// <summary>Whether a database holds what was read, by what it counted and summed.</summary>
    internal bool IsSame(long rows, IReadOnlyList<decimal> sums) => rows == Rows && _clone.Difference(sums) is null;

    /// <summary>Compares what a database counted and summed with what was sent.</summary>
    /// <param name="sums">Of each column, then of the rows.</param>
    internal void Check(long rows, IReadOnlyList<decimal> sums)
    {
        if (rows != Rows) throw ImportFault.Verification($"Table {Table.Name} has {rows} rows in the clone, {Rows} were sent.");
        if (_clone.Difference(sums) is { } difference) throw ImportFault.Verification($"Table {Table.Name}: {difference}.");
        Proof = new TableProof(Table.Name, rows, Columns.Length, Columns.Count(plan => plan.IsCompared), _rewritten, _source.Digest(rows), _clone.Digest(rows), _settled?.Digest(), _lastKey);
    }

    private static ColumnPlan[] MakeColumns(SourceTable table, bool rewritesNames, bool comparesJson)
    {
        var unique = TableDdl.UniqueColumns(table.CreateSql);
        return
        [
            .. table.Columns.Where(column => !column.IsGenerated)
                .Select(column => ColumnPlan.Of(table, column, unique, rewritesNames) with { IsLeftOut = !comparesJson && column.DataType == "json" }),
        ];
    }
}
