using System.Text;

namespace CloneHub.Provisioning.WordPress.Rewriting;

/// <summary>
/// The slash and the colon of a web address in the forms that nested encodings leave in a database: plain, behind the backslashes of one
/// or more layers of JSON, percent-encoded once or more often, as an HTML entity, as a \u escape.
/// </summary>
internal static class Punctuation
{
    private const int DeepestBackslashes = 15;

    private static readonly byte[][] SlashEntities = Entities("&#x2f;", "&#47;", "&#047;", "&#x02f;", "&sol;", "&amp;#x2f;", "&amp;#47;", "&amp;#047;");
    private static readonly byte[][] ColonEntities = Entities("&#x3a;", "&#58;", "&#058;", "&#x03a;", "&colon;", "&amp;#x3a;", "&amp;#58;", "&amp;#058;");

    /// <summary>Length of the slash that ends right before <paramref name="end"/>, 0 if none does.</summary>
    internal static int SlashBefore(ReadOnlySpan<byte> text, int end)
    {
        if (end == 0) return 0;
        switch (text[end - 1])
        {
            case (byte)'/':
                var backslashes = Backslashes(text, end - 1);
                return backslashes > DeepestBackslashes ? 0 : backslashes + 1;
            case (byte)'F' or (byte)'f':
                return Escaped(text, end, (byte)'2', (byte)'f');
            case (byte)';':
                return Entity(text, end, SlashEntities);
            default:
                return 0;
        }
    }

    /// <summary>Length of the colon that ends right before <paramref name="end"/>, 0 if none does.</summary>
    internal static int ColonBefore(ReadOnlySpan<byte> text, int end)
    {
        if (end == 0) return 0;
        return text[end - 1] switch
        {
            (byte)':' => 1,
            (byte)'A' or (byte)'a' => Escaped(text, end, (byte)'3', (byte)'a'),
            (byte)';' => Entity(text, end, ColonEntities),
            _ => 0,
        };
    }

    /// <summary>The colon in the encoding of a given slash, for addresses that had none to copy it from.</summary>
    internal static byte[] ColonLike(ReadOnlySpan<byte> slash)
    {
        if (slash.EndsWith("/"u8)) return [(byte)':'];
        if (slash[0] == '&')
        {
            var text = Encoding.ASCII.GetString(slash);
            return Encoding.ASCII.GetBytes(text
                .Replace("2f;", "3a;", StringComparison.Ordinal).Replace("2F;", "3A;", StringComparison.Ordinal)
                .Replace("47;", "58;", StringComparison.Ordinal).Replace("sol;", "colon;", StringComparison.Ordinal));
        }

        var colon = slash.ToArray();
        colon[^2] = (byte)'3';
        colon[^1] = (byte)(colon[^1] == 'F' ? 'A' : 'a');
        return colon;
    }

    internal static bool EqualsIgnoringCase(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => Ascii.EqualsIgnoreCase(left, right);

    private static int Backslashes(ReadOnlySpan<byte> text, int end)
    {
        var start = end;
        while (start > 0 && text[start - 1] == '\\') start--;
        return end - start;
    }

    /// <summary>%2F, %252F and deeper; \u002F and \x2F behind any number of backslashes.</summary>
    private static int Escaped(ReadOnlySpan<byte> text, int end, byte high, byte low)
    {
        if (end < 3 || text[end - 2] != high || (text[end - 1] | 0x20) != low) return 0;
        var start = end - 2;
        while (start >= 2 && text[start - 1] == '5' && text[start - 2] == '2') start -= 2;
        if (start >= 1 && text[start - 1] == '%') return end - start + 1;

        start = end - 2;
        if (start >= 3 && text[(start - 3)..start].SequenceEqual("u00"u8)) start -= 3;
        else if (text[start - 1] == 'x') start--;
        else return 0;
        var backslashes = Backslashes(text, start);
        return backslashes is 0 or > DeepestBackslashes ? 0 : end - start + backslashes;
    }

    private static int Entity(ReadOnlySpan<byte> text, int end, byte[][] entities)
    {
        foreach (var entity in entities)
            if (end >= entity.Length && EqualsIgnoringCase(text[(end - entity.Length)..end], entity)) return entity.Length;
        return 0;
    }

    /// <summary>The longest first, so that "&amp;amp;#47;" is not taken for "&amp;#47;".</summary>
    private static byte[][] Entities(params string[] texts) =>
        [.. texts.OrderByDescending(text => text.Length).Select(Encoding.ASCII.GetBytes)];
}
