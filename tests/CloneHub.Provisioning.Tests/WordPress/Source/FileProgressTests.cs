using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using CloneHub.Provisioning.WordPress;

namespace CloneHub.Provisioning.Tests.WordPress.Source;

public sealed class FileProgressTests
{
    private readonly TransferPace _pace = new(TimeProvider.System);
    private readonly FileProgress _files = new(FileRoot.Content, ["a", "b"]);

    [Fact]
    public void A_file_that_changed_before_any_of_it_came_is_tried_later_and_given_up_in_the_end()
    {
        Assert.Equal(["a", "b"], Wanted());
        Assert.Null(_files.TakeError(Error(0, "changed")));
        Assert.True(_files.TakePiece(Piece(1, 0, 7, isLast: true, "bb"u8)).IsLast);
        Assert.False(_files.IsComplete);

        Assert.Equal(["a"], Wanted());
        Assert.Null(_files.TakeError(Error(0, "changed")));
        Assert.Equal(["a"], Wanted());
        var given = _files.TakeError(Error(0, "changed"))!.Value;
        Assert.Equal(("a", true, "keeps changing"), (given.Path, given.IsLast, given.Fault));
        Assert.True(_files.IsComplete);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1_700_000_000)]
    [InlineData(5_000_000_000)]
    public void A_file_of_any_age_goes_on_where_it_was_cut(long modified)
    {
        Wanted();
        Assert.False(_files.TakePiece(Piece(0, 0, modified, isLast: false, "aa"u8)).IsLast);
        var first = Request().GetProperty("files")[0];
        Assert.Equal((2, modified), (first[1].GetInt64(), first[2].GetInt64()));
        Assert.Equal(modified, _files.TakePiece(Piece(0, 2, modified, isLast: true, "aa"u8)).ModifiedUnix);
    }

    private string[] Wanted() => [.. Request().GetProperty("files").EnumerateArray().Select(file => file[0].GetString()!)];

    private JsonElement Request() => JsonElement.Parse(_files.ToRequest(_pace, deflate: false));

    private static byte[] Error(int index, string reason) => Encoding.UTF8.GetBytes($$"""{"index":{{index}},"reason":"{{reason}}"}""");

    private static byte[] Piece(int index, long offset, long modified, bool isLast, ReadOnlySpan<byte> data)
    {
        var piece = new byte[21 + data.Length];
        BinaryPrimitives.WriteInt32LittleEndian(piece, index);
        BinaryPrimitives.WriteInt64LittleEndian(piece.AsSpan(4), offset);
        BinaryPrimitives.WriteInt64LittleEndian(piece.AsSpan(12), modified);
        piece[20] = isLast ? (byte)1 : (byte)0;
        data.CopyTo(piece.AsSpan(21));
        return piece;
    }
}
