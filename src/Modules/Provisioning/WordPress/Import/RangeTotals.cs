namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>Adds up the rows of a range while they come.</summary>
internal sealed class RangeTotals
{
    private readonly ColumnPlan[] _columns;

    /// <summary>Of the values as the source sent them, and as they went to the clone.</summary>
    private readonly ValueSums _source;
    private readonly ValueSums _clone;

    /// <summary>Of the source's rows that do not change by themselves; null if the table has no others.</summary>
    private readonly SettledSums? _settled;
    private long _rewritten;
    private Int128 _squares;

    public RangeTotals(TablePlan table)
    {
        _columns = table.Columns;
        (_source, _clone) = (new ValueSums(_columns), new ValueSums(_columns));
        _settled = SettledSums.Of(table.Table, _columns);
    }

    /// <param name="known">Rows that came before.</param>
    public RangeTotals(TablePlan table, RowRange known)
        : this(table)
    {
        (Rows, LastKey, _rewritten, _squares) = (known.Rows, known.LastKey, known.Rewritten, known.Squares);
        _source.Resume(known.SourceSums);
        _clone.Resume(known.CloneSums);
        if (known.SettledSums is { } settled) _settled?.Resume(known.SettledRows, settled);
        Warnings.Add(known.Warnings);
    }

    public long Rows { get; private set; }

    /// <summary>The greatest key so far.</summary>
    public long? LastKey { get; private set; }

    public ImportWarnings Warnings { get; } = new();

    public RowRange Save(long? until)
    {
        var settled = _settled?.Save();
        return new RowRange(until, LastKey, Rows, _rewritten, _source.Save(), _clone.Save(), settled?.Rows ?? 0, settled?.Sums, _squares, Warnings.Save());
    }

    /// <summary>The present row's.</summary>
    public void AddKey(long key)
    {
        if (!(key <= LastKey)) LastKey = key;
    }

    /// <summary>All values of the present row were added.</summary>
    public void EndRow()
    {
        Rows++;
        ulong row = _source.EndRow();
        _squares += row * row % RangeSum.Prime;
        _clone.EndRow();
        _settled?.EndRow();
    }

    /// <param name="rewritten">Null where the value goes to the clone as it is.</param>
    public void Add(int column, ReadOnlySpan<byte> value, byte[]? rewritten)
    {
        if (rewritten is not null) _rewritten++;
        if (!_columns[column].IsCompared) return;
        var sent = Crc32.Append(0, value);
        _settled?.Add(column, value, sent);
        _source.Add(column, sent);
        _clone.Add(column, rewritten is null ? sent : Crc32.Append(0, rewritten));
    }

    public void AddNull(int column)
    {
        if (!_columns[column].IsCompared) return;
        _source.AddNull(column);
        _clone.AddNull(column);
        _settled?.AddNull(column);
    }
}
