using System.Buffers.Binary;
using System.Text;
using CloneHub.Provisioning.WordPress;

namespace CloneHub.Provisioning.Tests.WordPress.Source;

/// <summary>Rows whose values come in pieces, frame by frame.</summary>
public sealed class BigRowTests
{
    private readonly DumpProgress _dump = new([new DumpRequest("t", ["a", "b", "c", "d"], ["a"])]);

    public BigRowTests() => _dump.Open("""{"name":"t"}"""u8);

    [Fact]
    public void Values_that_come_in_pieces_take_their_places_between_the_others()
    {
        Assert.Null(_dump.TakeRows(Row("1", Follows, null, Follows)));
        Assert.Null(_dump.TakePiece(Piece(1, 0, 6, "abc"u8)));
        Assert.Null(_dump.TakePiece(Piece(1, 3, 6, "def"u8)));
        var row = _dump.TakePiece(Piece(3, 0, 2, "yz"u8))!.Value;
        Assert.Equal(["1", "abcdef", "", "yz"], row.ToArrays()[0].Select(value => Encoding.UTF8.GetString(value ?? [])));
        Assert.Null(row.ToArrays()[0][2]);
        Assert.Equal(1, _dump.Position.Rows);
    }

    [Fact]
    public void A_value_that_is_too_large_ends_the_copy_before_room_is_made_for_it()
    {
        _dump.TakeRows(Row("1", Follows, null, null));
        var fault = Assert.Throws<StepFaultException>(() => _dump.TakePiece(Piece(1, 0, BigRow.LargestRow + 1, "a"u8)));
        Assert.Equal(("CELL_TOO_LARGE", false), (fault.Fault.Code, fault.Fault.Retryable));
        Assert.Contains("32 MB", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Values_that_are_too_large_together_are_too_large()
    {
        _dump.TakeRows(Row("1", Follows, Follows, null));
        _dump.TakePiece(Piece(1, 0, 1, "a"u8));
        Assert.Equal("CELL_TOO_LARGE", Assert.Throws<StepFaultException>(() => _dump.TakePiece(Piece(2, 0, BigRow.LargestRow, "a"u8))).Fault.Code);
    }

    [Fact]
    public void A_large_row_is_held_once()
    {
        const int Length = 16 << 20;
        var pieces = Enumerable.Range(0, 64).Select(at => Piece(1, at * (Length / 64), Length, new byte[Length / 64])).ToArray();
        _dump.TakeRows(Row("1", Follows, null, null));
        var before = GC.GetAllocatedBytesForCurrentThread();
        RowBatch? row = null;
        foreach (var piece in pieces) row = _dump.TakePiece(piece);
        Assert.True(row!.Value.Length > Length);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, Length, Length * 1.1);
    }

    [Theory]
    [InlineData(0, 0, 3)]
    [InlineData(1, 1, 3)]
    [InlineData(4, 0, 3)]
    [InlineData(1, 0, 0)]
    [InlineData(1, 0, -1)]
    [InlineData(1, 0, 2)]
    [InlineData(3, 0, 3)]
    public void A_piece_that_fits_nowhere_breaks_the_answer(int column, long offset, long total)
    {
        _dump.TakeRows(Row("1", Follows, null, Follows));
        Assert.Throws<AnswerBrokenException>(() => _dump.TakePiece(Piece(column, offset, total, "abc"u8)));
    }

    [Fact]
    public void A_value_that_is_not_complete_is_not_followed_by_the_next()
    {
        _dump.TakeRows(Row("1", Follows, Follows, null));
        _dump.TakePiece(Piece(1, 0, 6, "abc"u8));
        Assert.Throws<AnswerBrokenException>(() => _dump.TakePiece(Piece(2, 0, 3, "abc"u8)));
    }

    private static string Follows => "\0follows";

    private static byte[] Row(params string?[] values)
    {
        var row = new List<byte>([1, 0, 0, 0, (byte)values.Length, 0, 0, 0]);
        foreach (var value in values)
        {
            var bytes = value is null || value == Follows ? [] : Encoding.UTF8.GetBytes(value);
            row.AddRange(BitConverter.GetBytes(value is null ? RowBatch.NullLength : value == Follows ? WireRows.FollowsLength : (uint)bytes.Length));
            row.AddRange(bytes);
        }

        return [.. row];
    }

    private static byte[] Piece(int column, long offset, long total, ReadOnlySpan<byte> bytes)
    {
        var piece = new byte[20 + bytes.Length];
        BinaryPrimitives.WriteInt32LittleEndian(piece, column);
        BinaryPrimitives.WriteInt64LittleEndian(piece.AsSpan(4), offset);
        BinaryPrimitives.WriteInt64LittleEndian(piece.AsSpan(12), total);
        bytes.CopyTo(piece.AsSpan(20));
        return piece;
    }
}
