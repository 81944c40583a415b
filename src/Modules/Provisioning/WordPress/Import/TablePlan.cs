using System.Buffers.Text;
using System.Globalization;
using System.Text;
using CloneHub.Contracts;
using MySqlConnector;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>One table on its way into the clone.</summary>
internal sealed class TablePlan
{
    /// <summary>Where rows have made so many, each two become one.</summary>
    private const int MostRanges = 64;
    private const int LeastRowsOfRange = 4_096;

    private static readonly string[] Whole = ["tinyint", "smallint", "mediumint", "int", "bigint"];

    private readonly List<RowRange> _ranges = [];
    private readonly int _key;
    private RangeTotals _open;
    private long _rowsPerRange = LeastRowsOfRange;
    private long? _rowKey;

    /// <param name="rewritesNames">Also what only looks like an address: a restore takes those of its clone back.</param>
    /// <param name="comparesJson">False for a server that writes JSON in its own way, whatever it is sent.</param>
    internal TablePlan(SourceTable table, bool rewritesNames = false, bool comparesJson = true)
    {
        (Table, Columns) = (table, MakeColumns(table, rewritesNames, comparesJson));
        _open = new RangeTotals(this);
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

    /// <summary>What is to be told of the values that come now.</summary>
    internal ImportWarnings Warnings => _open.Warnings;

    internal long Rows { get; private set; }

    /// <summary>After the rows that were taken.</summary>
    internal IReadOnlyList<byte[]> After { get; set; } = [];

    /// <summary>Where an earlier import has come to; null if it has brought nothing of this table.</summary>
    internal DumpPosition? From { get; private set; }

    /// <summary>Once the table was compared.</summary>
    internal TableProof? Proof { get; private set; }

    /// <summary>All rows so far, by ranges of the key, the last of which has no end; all in one where there is no such key.</summary>
    internal IReadOnlyList<RowRange> Ranges => [.. _ranges, _open.Save(until: null)];

    /// <summary>What is known of the rows so far, so that another import may go on after them.</summary>
    internal TableState Save() => new(Ranges, After, Proof);

    internal void Resume(TableState state)
    {
        _ranges.AddRange(state.Ranges.SkipLast(1));
        _open = new RangeTotals(this, state.Ranges[^1]);
        if (_ranges.Count > 0) _rowsPerRange = Math.Max(LeastRowsOfRange, _ranges.Max(range => range.Rows));
        (Rows, After, Proof) = (state.Ranges.Sum(range => range.Rows), state.After, state.Proof);
        From = new DumpPosition(Rows, After);
    }

    /// <summary>Where one of <see cref="Ranges"/> lies.</summary>
    internal KeyRange KeysOf(int range) => new(range == 0 ? null : _ranges[range - 1].Until, range < _ranges.Count ? _ranges[range].Until : null);

    /// <summary>In the place of these rows others are there, which were read since.</summary>
    internal void Replace(int range, TablePlan read)
    {
        var isLast = range == _ranges.Count;
        Rows += read.Rows - (isLast ? _open.Rows : _ranges[range].Rows);
        Proof = null;
        if (!isLast)
        {
            _ranges[range] = read.Total() with { Until = _ranges[range].Until };
            return;
        }

        // As if the table had been cut off before, and come to its end now.
        _ranges.AddRange(read._ranges);
        _open = read._open;
        if (read.Rows > 0) After = read.After;
        else After = Total().LastKey is { } key ? [Encoding.ASCII.GetBytes(key.ToString(CultureInfo.InvariantCulture))] : [];
    }

    internal void EndRow()
    {
        Rows++;
        _open.EndRow();
        if (_rowKey is { } key && _open.Rows >= _rowsPerRange) EndRange(key);
        _rowKey = null;
    }

    /// <param name="rewritten">Null where the value goes to the clone as it is.</param>
    internal void Sum(int column, ReadOnlySpan<byte> value, byte[]? rewritten)
    {
        if (column == _key && Utf8Parser.TryParse(value, out long key, out var read) && read == value.Length)
        {
            _rowKey = key;
            _open.AddKey(key);
        }

        _open.Add(column, value, rewritten);
    }

    internal void SumNull(int column) => _open.AddNull(column);

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
    internal bool IsSame(long rows, IReadOnlyList<decimal> sums) => rows == Rows && ValueSums.Of(Columns, Total().CloneSums).Difference(sums) is null;

    /// <summary>Compares what a database counted and summed with what was sent.</summary>
    /// <param name="sums">Of each column, then of the rows.</param>
    internal void Check(long rows, IReadOnlyList<decimal> sums)
    {
        if (rows != Rows) throw ImportFault.Verification($"Table {Table.Name} has {rows} rows in the clone, {Rows} were sent.");
        var all = Total();
        var clone = ValueSums.Of(Columns, all.CloneSums);
        if (clone.Difference(sums) is { } difference) throw ImportFault.Verification($"Table {Table.Name}: {difference}.");
        Proof = new TableProof(
            Table.Name, rows, Columns.Length, Columns.Count(plan => plan.IsCompared), all.Rewritten, ValueSums.Of(Columns, all.SourceSums).Digest(rows), clone.Digest(rows),
            all.SettledSums is { } settled ? ValueSums.Of(VolatileRows.Settle(Columns), settled).Digest(all.SettledRows) : null, all.LastKey);
    }

    /// <summary>All rows as one range.</summary>
    internal RowRange Total() => Ranges.Aggregate((all, next) => all.Plus(next));

    private void EndRange(long key)
    {
        _ranges.Add(_open.Save(key));
        _open = new RangeTotals(this);
        if (_ranges.Count < MostRanges) return;
        var pairs = _ranges.Chunk(2).Select(pair => pair is [var one, var other] ? one.Plus(other) : pair[0]).ToArray();
        _ranges.Clear();
        _ranges.AddRange(pairs);
        _rowsPerRange *= 2;
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
