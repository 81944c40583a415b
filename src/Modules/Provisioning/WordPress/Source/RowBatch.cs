using System.Buffers.Binary;

namespace CloneHub.Provisioning.WordPress;

/// <summary>
/// Rows in their wire form, read in place: per value a length of four bytes (little endian, 0xffffffff for NULL) and its bytes.
/// FLOAT comes as the text of the same number as DOUBLE, BIT as the text of an unsigned number, everything else as the server stores it.
/// </summary>
internal readonly struct RowBatch(ReadOnlyMemory<byte> values, int rowCount, int columnCount)
{
    internal const uint NullLength = 0xffffffff;

    public int RowCount => rowCount;

    public int ColumnCount => columnCount;

    /// <summary>Size of the wire form.</summary>
    public int Length => values.Length;

    public ReadOnlyMemory<byte> Wire => values;

    /// <summary>Reads the values one after another: row by row, column by column.</summary>
    public RowValues Values => new(values.Span);

    /// <summary>Copies everything out. For tests and small tables.</summary>
    public IReadOnlyList<byte[]?[]> ToArrays()
    {
        var rows = new byte[]?[rowCount][];
        var reader = Values;
        for (var row = 0; row < rowCount; row++)
        {
            rows[row] = new byte[]?[columnCount];
            for (var column = 0; column < columnCount; column++)
            {
                rows[row][column] = reader.Next(out var value) ? value.ToArray() : null;
            }
        }

        return rows;
    }
}

internal ref struct RowValues(ReadOnlySpan<byte> rest)
{
    private ReadOnlySpan<byte> _rest = rest;

    public readonly bool IsAtEnd => _rest.IsEmpty;

    /// <summary>Takes the next value; false if it is NULL.</summary>
    public bool Next(out ReadOnlySpan<byte> value)
    {
        var length = BinaryPrimitives.ReadUInt32LittleEndian(_rest);
        if (length == RowBatch.NullLength)
        {
            value = default;
            _rest = _rest[4..];
            return false;
        }

        value = _rest.Slice(4, checked((int)length));
        _rest = _rest[(4 + (int)length)..];
        return true;
    }
}
