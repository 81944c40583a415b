using System.Buffers.Binary;

namespace CloneHub.Provisioning.WordPress;

/// <summary>A row whose large values arrive in pieces after it.</summary>
internal sealed class BigRow(ReadOnlyMemory<byte> row, int columns, int missing)
{
    private const int PieceHeader = 20;
    private const long LargestRow = 256L * 1024 * 1024;

    private readonly byte[] _row = row.ToArray();
    private readonly byte[]?[] _values = new byte[]?[columns];
    private long _received;
    private long _promised;
    private int _missing = missing;

    /// <summary>The row as it came, with places kept for the values.</summary>
    public ReadOnlySpan<byte> Placeholder => _row;

    /// <summary>Takes a piece: column, offset, length of the whole value, bytes. They come in order, one value after another.</summary>
    /// <returns>The bytes of the piece.</returns>
    public ReadOnlySpan<byte> Take(ReadOnlySpan<byte> piece)
    {
        if (piece.Length <= PieceHeader) throw new AnswerBrokenException("A piece of a value is empty.");
        var column = BinaryPrimitives.ReadInt32LittleEndian(piece);
        var offset = BinaryPrimitives.ReadInt64LittleEndian(piece[4..]);
        var total = BinaryPrimitives.ReadInt64LittleEndian(piece[12..]);
        var bytes = piece[PieceHeader..];
        if ((uint)column >= (uint)columns || total <= 0) throw new AnswerBrokenException("A piece of a value is malformed.");
        if (_values[column] is null)
        {
            if (total > LargestRow - _promised) throw SourceFaults.CellTooLarge(LargestRow >> 20);
            _promised += total;
            _received = 0;
        }

        var value = _values[column] ??= new byte[total];
        if (offset != _received || offset + bytes.Length > value.Length) throw new AnswerBrokenException("A piece of a value is out of order.");
        bytes.CopyTo(value.AsSpan((int)offset));
        _received += bytes.Length;
        if (_received == value.Length) _missing--;
        return bytes;
    }

    public bool IsComplete => _missing == 0;

    /// <summary>The row in the form every other row has.</summary>
    public byte[] Assemble()
    {
        var assembled = new byte[checked(_row.Length + (int)_values.Sum(value => value?.LongLength ?? 0))];
        var to = assembled.AsSpan();
        var from = Placeholder;
        foreach (var value in _values)
        {
            var length = BinaryPrimitives.ReadUInt32LittleEndian(from);
            from = from[4..];
            var own = length >= WireRows.FollowsLength ? [] : from[..(int)length];
            from = from[own.Length..];
            var bytes = value ?? own;
            BinaryPrimitives.WriteUInt32LittleEndian(to, length == RowBatch.NullLength ? length : (uint)bytes.Length);
            bytes.CopyTo(to[4..]);
            to = to[(4 + bytes.Length)..];
        }

        return assembled;
    }
}
