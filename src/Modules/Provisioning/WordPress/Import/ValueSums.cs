using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>
/// Sums of a table's values, for each column and over whole rows; the order of rows has no part in them. A column's sum finds a value that
/// changed, the one of the rows finds values that changed places with each other. docs/fidelity.md tells how to make them by SQL.
/// </summary>
internal sealed class ValueSums(IReadOnlyList<ColumnPlan> columns)
{
    /// <summary>Stands for NULL; no CRC-32 is that large.</summary>
    private const long NullMark = 4294967311;
    private const int MostDigits = 10;

    private readonly Int128[] _columns = new Int128[columns.Count];
    private readonly byte[] _row = new byte[columns.Count * (MostDigits + 1)];
    private int _length;
    private Int128 _rows;

    /// <summary>With sums that were saved.</summary>
    internal static ValueSums Of(IReadOnlyList<ColumnPlan> columns, Int128[] saved)
    {
        var sums = new ValueSums(columns);
        sums.Resume(saved);
        return sums;
    }

    /// <summary>The sums so far, of each column and then of the rows.</summary>
    internal Int128[] Save() => [.. _columns, _rows];

    internal void Resume(Int128[] saved)
    {
        saved.AsSpan(0, _columns.Length).CopyTo(_columns);
        _rows = saved[^1];
    }

    internal void Add(int column, uint crc) => AddNumber(column, crc);

    internal void AddNull(int column) => AddNumber(column, NullMark);

    /// <returns>What the row adds to the sum of the rows.</returns>
    internal uint EndRow()
    {
        var row = Crc32.Append(0, _row.AsSpan(0, _length));
        _rows += row;
        _length = 0;
        return row;
    }

    /// <summary>Expressions that give the same of a table in the database: of each column, then of the rows.</summary>
    internal static IEnumerable<string> Expressions(IReadOnlyList<ColumnPlan> columns)
    {
        var numbers = columns.Select(plan => plan.IsCompared ? $"COALESCE(CRC32({TableDdl.Quote(plan.Column.Name)}), {NullMark})" : null).ToArray();
        foreach (var number in numbers) yield return number is null ? "CAST(0 AS DECIMAL)" : $"COALESCE(SUM({number}), 0)";
        var compared = numbers.OfType<string>().ToArray();
        yield return compared.Length == 0 ? "CAST(0 AS DECIMAL)" : $"COALESCE(SUM(CRC32(CONCAT_WS(',', {string.Join(", ", compared)}))), 0)";
    }

    /// <summary>What differs from sums that the database gave for <see cref="Expressions"/>, in words; null if nothing does.</summary>
    internal string? Difference(IReadOnlyList<decimal> read)
    {
        for (var at = 0; at < columns.Count; at++)
            if (columns[at].IsCompared && (Int128)read[at] != _columns[at]) return $"the values of column {columns[at].Column.Name} differ from what was sent";
        return (Int128)read[^1] == _rows || !columns.Any(plan => plan.IsCompared) ? null : "values stand in other rows than they were sent in";
    }

    /// <summary>SHA-256 of one line with the number of rows, one for each compared column, and one with the sum of the rows.</summary>
    internal string Digest(long rows) => Digest(columns, rows, _columns, _rows);

    /// <summary>The same of sums that a database made.</summary>
    internal static string Digest(IReadOnlyList<ColumnPlan> columns, long rows, IReadOnlyList<Int128> sums, Int128 rowSum)
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"rows\t{rows}\n");
        foreach (var (at, plan) in columns.Index())
            if (plan.IsCompared) text.Append(CultureInfo.InvariantCulture, $"{plan.Column.Name}\t{sums[at]}\n");
        text.Append(CultureInfo.InvariantCulture, $"row\t{rowSum}\n");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    private void AddNumber(int column, long number)
    {
        _columns[column] += number;
        if (_length > 0) _row[_length++] = (byte)',';
        Utf8Formatter.TryFormat(number, _row.AsSpan(_length), out var digits);
        _length += digits;
    }
}
