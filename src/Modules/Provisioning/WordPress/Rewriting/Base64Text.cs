using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Unicode;

namespace CloneHub.Provisioning.WordPress.Rewriting;

/// <summary>A piece of text in base64, as page builders keep HTML and styles.</summary>
/// <param name="EscapesSlashes">It stands in JSON, where each of its slashes is written <c>\/</c>.</param>
internal sealed record Base64Run(int Start, int End, bool EscapesSlashes, byte[] Text);

/// <summary>
/// Finds base64 that may hold one of the hosts. Where a host lies in a text of unknown length before it, base64 writes it in one of three
/// ways, apart from its rim; these are looked for. Not found are host names in capitals, some of four letters and less, and base64 inside base64.
/// What stands between dots is part of a token that somebody has signed, and is left as it is.
/// </summary>
internal sealed class Base64Text
{
    /// <summary>What less than this many characters say is found in any text.</summary>
    private const int ShortestFragment = 5;

    private static readonly SearchValues<byte> Alphabet = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8);
    private static readonly SearchValues<byte> Control = SearchValues.Create([.. Enumerable.Range(0, 32).Select(b => (byte)b).Except([(byte)'\t', (byte)'\n', (byte)'\r']), 127]);

    private readonly byte[][] _fragments;

    internal Base64Text(IEnumerable<byte[]> hosts) =>
        _fragments = [.. hosts.SelectMany(host => Enumerable.Range(0, 3).Select(before => Fragment(host, before))).Where(fragment => fragment.Length >= ShortestFragment)];

    /// <summary>The next piece at or after <paramref name="from"/> that holds one of the hosts; null if there is none.</summary>
    internal Base64Run? Next(ReadOnlySpan<byte> text, int from)
    {
        for (var at = from; (at = NextFragment(text, at)) >= 0;)
        {
            var (start, end) = (Begin(text, at, from), End(text, at));
            if (!IsOfToken(text, start, end) && Read(text[start..end]) is { } run) return run with { Start = start, End = end };
            at = end;
        }

        return null;
    }

    private static bool IsOfToken(ReadOnlySpan<byte> text, int start, int end) =>
        (start > 1 && text[start - 1] == '.' && IsOfUrlAlphabet(text[start - 2])) || (end + 1 < text.Length && text[end] == '.' && IsOfUrlAlphabet(text[end + 1]));

    private static bool IsOfUrlAlphabet(byte letter) => char.IsAsciiLetterOrDigit((char)letter) || letter is (byte)'-' or (byte)'_';

    internal static void Write(Base64Run run, ReadOnlySpan<byte> text, ArrayBufferWriter<byte> output)
    {
        var length = Base64.GetMaxEncodedToUtf8Length(text.Length);
        var encoded = new byte[length];
        Base64.EncodeToUtf8(text, encoded, out _, out _);
        output.Write(run.EscapesSlashes ? Escaped(encoded) : encoded);
    }

    private int NextFragment(ReadOnlySpan<byte> text, int from)
    {
        var nearest = -1;
        foreach (var fragment in _fragments)
        {
            var found = (nearest < 0 ? text[from..] : text[from..nearest]).IndexOf(fragment);
            if (found >= 0) nearest = from + found;
        }

        return nearest;
    }

    /// <summary>Text only, and only what an encoder would write the same way: what cannot be written back is not touched.</summary>
    private static Base64Run? Read(ReadOnlySpan<byte> piece)
    {
        var escapes = piece.Contains((byte)'\\');
        byte[] encoded = escapes ? Unescaped(piece) : piece.ToArray();
        if (escapes && !Escaped(encoded).AsSpan().SequenceEqual(piece)) return null;
        var text = new byte[Base64.GetMaxDecodedFromUtf8Length(encoded.Length)];
        if (Base64.DecodeFromUtf8(encoded, text, out _, out var length) is not OperationStatus.Done) return null;
        Array.Resize(ref text, length);
        var again = new byte[encoded.Length];
        if (Base64.EncodeToUtf8(text, again, out _, out _) is not OperationStatus.Done || !again.AsSpan().SequenceEqual(encoded)) return null;
        return IsText(text) ? new Base64Run(0, 0, escapes, text) : null;
    }

    /// <summary>Serialised objects have control characters in their names, which are text nevertheless.</summary>
    private static bool IsText(ReadOnlySpan<byte> bytes) =>
        Utf8.IsValid(bytes) && (!bytes.ContainsAny(Control) || new SerializedPhp(bytes, []).Read(0) == bytes.Length);

    private static int Begin(ReadOnlySpan<byte> text, int at, int from)
    {
        while (at > from && (Alphabet.Contains(text[at - 1]) || (text[at - 1] == '\\' && text[at] == '/'))) at--;
        return at;
    }

    private static int End(ReadOnlySpan<byte> text, int at)
    {
        while (at < text.Length && (Alphabet.Contains(text[at]) || (text[at] == '\\' && at + 1 < text.Length && text[at + 1] == '/'))) at++;
        for (var padding = 0; padding < 2 && at < text.Length && text[at] == '='; padding++) at++;
        return at;
    }

    private static byte[] Escaped(ReadOnlySpan<byte> encoded) => Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(encoded).Replace("/", "\\/", StringComparison.Ordinal));

    private static byte[] Unescaped(ReadOnlySpan<byte> piece) => Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(piece).Replace("\\/", "/", StringComparison.Ordinal));

    /// <summary>What base64 makes of a host behind so many bytes, without the characters that depend on its neighbours.</summary>
    private static byte[] Fragment(byte[] host, int before)
    {
        var encoded = Convert.ToBase64String([.. new byte[before], .. host]);
        var (first, end) = (((before * 8) + 5) / 6, (before + host.Length) * 8 / 6);
        return Encoding.ASCII.GetBytes(encoded[first..end]);
    }
}
