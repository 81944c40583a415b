using System.Buffers;
using System.Globalization;
using System.Text;

namespace CloneHub.Provisioning.WordPress.Rewriting;

/// <summary>
/// Replaces the source's addresses and folders in one value, whatever it holds: text, JSON, serialised PHP, or one inside the other.
/// Works on bytes, so that the value's character set does not matter. Holds no state; one instance serves all threads.
/// </summary>
internal sealed class ContentRewriter
{
    /// <summary>Serialised values inside strings of serialised values. What lies deeper is left as it is.</summary>
    private const int DeepestNesting = 64;

    private readonly HostAnchor[] _hosts;
    private readonly PathRule[] _paths;
    private readonly Base64Text _encoded;

    internal ContentRewriter(RewriteMap map)
    {
        _hosts =
        [
            .. map.Urls.GroupBy(rule => Encoding.UTF8.GetString(rule.Apex)).Where(group => group.Any(rule => rule.Target is not null))
                .Select(group => new HostAnchor(group.First().Apex, group)),
        ];
        _paths = [.. map.Paths.OrderByDescending(rule => rule.Source.Length)];
        _encoded = new Base64Text(_hosts.Select(host => host.Host));
    }

    /// <summary>True if the value holds an address or a folder of the source, in any encoding; in base64 it may be one.</summary>
    internal bool IsMatch(ReadOnlySpan<byte> value) => TryFind(value, out _) || _encoded.Next(value, 0) is not null;

    /// <summary>The first address or folder of the source in a value, but for base64.</summary>
    internal bool TryFind(ReadOnlySpan<byte> value, out Range place)
    {
        var found = Scan(value, stackalloc int[_hosts.Length + _paths.Length]).MoveNext(out var match);
        place = match.Start..match.End;
        return found;
    }

    /// <summary>True if an address of the source shows once letters are read that stand as entities or escapes. Such a one stays as it is.</summary>
    internal bool IsSpelledOut(ReadOnlySpan<byte> value) => SpelledText.Holds(value, this);

    /// <summary>Gives the rewritten value, or null where nothing is to change.</summary>
    internal byte[]? Rewrite(ReadOnlySpan<byte> value)
    {
        if (!IsMatch(value)) return null;
        var output = new ArrayBufferWriter<byte>(value.Length + (value.Length / 4) + 64);
        WriteValue(value, output, depth: 0);
        return output.WrittenSpan.SequenceEqual(value) ? null : output.WrittenSpan.ToArray();
    }

    private AddressScanner Scan(ReadOnlySpan<byte> text, Span<int> positions) => new(text, _hosts, _paths, positions);

    private void WriteValue(ReadOnlySpan<byte> value, ArrayBufferWriter<byte> output, int depth)
    {
        if (depth > DeepestNesting)
        {
            output.Write(value);
            return;
        }

        var strings = new List<SerializedString>();
        if (LooksSerialized(value) && new SerializedPhp(value, strings).Read(0) == value.Length) WriteSerialized(value, strings, output, depth);
        else WriteText(value, output, depth);
    }

    private void WriteSerialized(ReadOnlySpan<byte> value, List<SerializedString> strings, ArrayBufferWriter<byte> output, int depth)
    {
        var done = 0;
        foreach (var text in strings)
        {
            var content = value.Slice(text.Start, text.Length);
            if (!IsMatch(content)) continue;
            var rewritten = new ArrayBufferWriter<byte>(content.Length + 64);
            WriteValue(content, rewritten, depth + 1);
            output.Write(value[done..text.LengthStart]);
            rewritten.WrittenCount.TryFormat(output.GetSpan(11), out var digits, provider: CultureInfo.InvariantCulture);
            output.Advance(digits);
            output.Write(value[text.LengthEnd..text.Start]);
            output.Write(rewritten.WrittenSpan);
            done = text.End;
        }

        output.Write(value[done..]);
    }

    /// <summary>
    /// Plain text, in which serialised values may be embedded: a podcast's enclosure ends with one, for example. Failed attempts to read
    /// one may cost no more than a few passes over the text; hostile text is then taken as plain.
    /// </summary>
    private void WriteText(ReadOnlySpan<byte> text, ArrayBufferWriter<byte> output, int depth)
    {
        var done = 0;
        var patience = text.IndexOf(":{"u8) < 0 ? 0 : 64L + (8L * text.Length);
        for (var at = 0; patience > 0; at++)
        {
            at = NextSegment(text, at);
            if (at < 0) break;
            var strings = new List<SerializedString>();
            var segment = text[at..];
            var length = new SerializedPhp(segment, strings).Read(0);
            if (length < 0)
            {
                patience -= segment.Length;
                continue;
            }

            WritePlain(text[done..at], output, depth);
            WriteSerialized(segment[..length], strings, output, depth);
            done = at + length;
            at = done - 1;
        }

        WritePlain(text[done..], output, depth);
    }

    private void WritePlain(ReadOnlySpan<byte> text, ArrayBufferWriter<byte> output, int depth)
    {
        var done = 0;
        while (_encoded.Next(text, done) is { } run)
        {
            WriteAddresses(text[done..run.Start], output);
            WriteEncoded(run, output, depth);
            done = run.End;
        }

        WriteAddresses(text[done..], output);
    }

    private void WriteEncoded(Base64Run run, ArrayBufferWriter<byte> output, int depth)
    {
        var rewritten = new ArrayBufferWriter<byte>(run.Text.Length + 64);
        WriteValue(run.Text, rewritten, depth + 1);
        Base64Text.Write(run, rewritten.WrittenSpan, output);
    }

    private void WriteAddresses(ReadOnlySpan<byte> text, ArrayBufferWriter<byte> output)
    {
        var scanner = Scan(text, stackalloc int[_hosts.Length + _paths.Length]);
        var done = 0;
        while (scanner.MoveNext(out var match))
        {
            output.Write(text[done..match.Start]);
            if (match.Url is { } url) WriteUrl(text, match.Start, url, output);
            else if (match.Path is { } path) output.Write(path.Target);
            done = match.End;
        }

        output.Write(text[done..]);
    }

    private static void WriteUrl(ReadOnlySpan<byte> text, int start, UrlMatch url, ArrayBufferWriter<byte> output)
    {
        var slash = text.Slice(url.SlashStart, url.SlashLength);
        var colon = text[url.ColonStart..url.SlashStart];
        if (start < url.ColonStart) output.Write(url.Target.Scheme);
        output.Write(colon);
        output.Write(slash);
        output.Write(slash);
        output.Write(url.Target.Host);
        if (url.Target.Port is { } port)
        {
            if (colon.IsEmpty) output.Write(Punctuation.ColonLike(slash));
            else output.Write(colon);
            output.Write(port);
        }

        foreach (var segment in url.Target.Segments)
        {
            output.Write(slash);
            output.Write(segment);
        }
    }

    private static bool LooksSerialized(ReadOnlySpan<byte> value) =>
        value.Length > 4 && value[1] == ':' && value[0] is (byte)'a' or (byte)'O' or (byte)'s' or (byte)'C';

    /// <summary>Where an embedded array or object may begin: not in the middle of a word, and followed by a count.</summary>
    private static int NextSegment(ReadOnlySpan<byte> text, int from)
    {
        while (from + 5 < text.Length)
        {
            var colon = text[(from + 1)..].IndexOf((byte)':');
            if (colon < 0) return -1;
            var at = from + colon;
            if (text[at] is (byte)'a' or (byte)'O' or (byte)'C' && at + 2 < text.Length && char.IsAsciiDigit((char)text[at + 2])
                && (at == 0 || !char.IsAsciiLetterOrDigit((char)text[at - 1]))) return at;
            from = at + 1;
        }

        return -1;
    }
}
