using System.Buffers;
using System.Globalization;

namespace CloneHub.Provisioning.WordPress.Rewriting;

/// <summary>
/// Text of which single letters are written as HTML entities or \u escapes, as plugins do that hide addresses from robots. It is read to
/// tell what stays in it, and never changed: nobody can know what else such a text is measured by.
/// </summary>
internal static class SpelledText
{
    private const int Piece = 16 << 10;

    /// <summary>Longer than any address, so that one at the end of a piece is whole in the next.</summary>
    private const int Overlap = 1 << 10;

    private const int LongestEntity = 10;

    internal static bool Holds(ReadOnlySpan<byte> text, ContentRewriter rewriter)
    {
        if (text.IndexOf("&#"u8) < 0 && text.IndexOf("\\u00"u8) < 0) return false;
        var piece = ArrayPool<byte>.Shared.Rent(Piece);
        try
        {
            var (at, length) = (0, 0);
            while (at < text.Length)
            {
                piece[length++] = Take(text, ref at);
                if (length < Piece && at < text.Length) continue;
                if (rewriter.TryFind(piece.AsSpan(0, length), out _)) return true;
                var kept = Math.Min(Overlap, length);
                piece.AsSpan(length - kept, kept).CopyTo(piece);
                length = kept;
            }

            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    /// <summary>The next letter, however it is written.</summary>
    private static byte Take(ReadOnlySpan<byte> text, ref int at)
    {
        var (letter, length) = text[at] switch
        {
            (byte)'&' => Entity(text[at..]),
            (byte)'\\' => Escape(text[at..]),
            _ => (0, 0),
        };
        if (length == 0 || letter is 0 or > 0x7f) return text[at++];
        at += length;
        return (byte)letter;
    }

    private static (int Letter, int Length) Entity(ReadOnlySpan<byte> text)
    {
        if (!text.StartsWith("&#"u8)) return default;
        var end = text[..Math.Min(text.Length, LongestEntity)].IndexOf((byte)';');
        if (end < 3) return default;
        var isHex = text[2] is (byte)'x' or (byte)'X';
        return int.TryParse(text[(isHex ? 3 : 2)..end], isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture, out var letter)
            ? (letter, end + 1)
            : default;
    }

    private static (int Letter, int Length) Escape(ReadOnlySpan<byte> text) =>
        text.Length >= 6 && text.StartsWith("\\u00"u8) && int.TryParse(text[4..6], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var letter)
            ? (letter, 6)
            : default;
}
