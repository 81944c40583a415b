using System.Buffers.Binary;

namespace CloneHub.Provisioning.WordPress;

/// <summary>A row whose large values arrive in pieces after it. The whole is held once: a piece goes to its place as it comes.</summary>
internal sealed class BigRow(ReadOnlyMemory<byte> row, int columns, int missing)
{
    /// <summary>Of all values of a row that come in pieces, in bytes. A row is held about four times while addresses are rewritten in it.</summary>
    internal const long LargestRow = 32L << 20;

    private const int PieceHeader = 20;

    /// <summary>The row as it came, with places kept for the values.</summary>
    private readonly byte[] _row = row.ToArray();
    private byte[] _whole = [];
    private int _missing = missing;
    private int _read;
    private int _written;
    private int _nextColumn;
    private long _promised;

    // Of the value whose pieces come.
    private int _column = -1;
    private long _total;
    private long _received;

    public bool IsComplete => _missing == 0;

    /// <summary>Takes a piece: column, offset, length of the whole value, bytes. They come in order, one value after another.</summary>
    /// <returns>The bytes of the piece.</returns>
    /// <exception cref="StepFaultException">The row is too large to be copied.</exception>
    public ReadOnlySpan<byte> Take(ReadOnlySpan<byte> piece)
    {
        if (piece.Length <= PieceHeader) throw new AnswerBrokenException("A piece of a value is empty.");
        var column = BinaryPrimitives.ReadInt32LittleEndian(piece);
        var offset = BinaryPrimitives.ReadInt64LittleEndian(piece[4..]);
        var total = BinaryPrimitives.ReadInt64LittleEndian(piece[12..]);
        var bytes = piece[PieceHeader..];
        if (column != _column) Begin(column, total);
        if (total != _total || offset != _received || bytes.Length > _total - offset) throw new AnswerBrokenException("A piece of a value is out of order.");
        bytes.CopyTo(_whole.AsSpan(_written));
        _written += bytes.Length;
        _received += bytes.Length;
        if (_received == _total) _missing--;
        return bytes;
    }

    /// <summary>The row in the form every other row has.</summary>
    public byte[] Assemble()
    {
        CopyUntil(columns);
        return _whole;
    }

    private void Begin(int column, long total)
    {
        if ((uint)column >= (uint)columns || column < _nextColumn || total <= 0 || _received != _total) throw new AnswerBrokenException("A piece of a value is malformed.");
        if (total > LargestRow - _promised) throw SourceFaults.CellTooLarge(LargestRow >> 20);
        _promised += total;
        Array.Resize(ref _whole, checked(_row.Length + (int)_promised));
        CopyUntil(column);
        if (NextLength() != WireRows.FollowsLength) throw new AnswerBrokenException("A piece belongs to a value that is there already.");
        BinaryPrimitives.WriteUInt32LittleEndian(_whole.AsSpan(_written), (uint)total);
        _read += 4;
        _written += 4;
        _nextColumn = column + 1;
        (_column, _total, _received) = (column, total, 0);
    }

    private void CopyUntil(int column)
    {
        for (; _nextColumn < column; _nextColumn++)
        {
            var length = NextLength();
            if (length == WireRows.FollowsLength) throw new AnswerBrokenException("The pieces of a value are missing.");
            var size = length == RowBatch.NullLength ? 4 : 4 + (int)length;
            _row.AsSpan(_read, size).CopyTo(_whole.AsSpan(_written));
            _read += size;
            _written += size;
        }
    }

    private uint NextLength() => BinaryPrimitives.ReadUInt32LittleEndian(_row.AsSpan(_read));
}
