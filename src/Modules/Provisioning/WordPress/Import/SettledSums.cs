using System.Text;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>Sums of those rows of a table that do not change by themselves.</summary>
internal sealed class SettledSums
{
    private readonly ValueSums _sums;
    private readonly VolatileRows?[] _rules;
    private readonly uint?[] _row;
    private readonly bool[] _isCompared;
    private bool _isVolatile;
    private long _rows;

    private SettledSums(IReadOnlyList<VolatileRows> rules, ColumnPlan[] columns)
    {
        var settled = VolatileRows.Settle(columns);
        _sums = new ValueSums(settled);
        _rules = [.. columns.Select(plan => rules.FirstOrDefault(rule => rule.Column == plan.Column.Name))];
        _row = new uint?[columns.Length];
        _isCompared = [.. settled.Select(plan => plan.IsCompared)];
    }

    /// <returns>Null if none of the table's rows do.</returns>
    public static SettledSums? Of(SourceTable table, ColumnPlan[] columns) => VolatileRows.Of(table) is { Count: > 0 } rules ? new SettledSums(rules, columns) : null;

    public (long Rows, Int128[] Sums) Save() => (_rows, _sums.Save());

    public void Resume(long rows, Int128[] sums)
    {
        _rows = rows;
        _sums.Resume(sums);
    }

    public void Add(int column, ReadOnlySpan<byte> value, uint crc)
    {
        _row[column] = crc;
        _isVolatile |= _rules[column]?.Covers(Encoding.UTF8.GetString(value)) == true;
    }

    public void AddNull(int column) => _row[column] = null;

    public void EndRow()
    {
        if (!_isVolatile) AddRow();
        _isVolatile = false;
    }

    private void AddRow()
    {
        _rows++;
        for (var column = 0; column < _row.Length; column++)
        {
            if (!_isCompared[column]) continue;
            if (_row[column] is { } crc) _sums.Add(column, crc);
            else _sums.AddNull(column);
        }

        _sums.EndRow();
    }
}
