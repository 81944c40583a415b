namespace CloneHub.Provisioning.WordPress.Rewriting;

/// <summary>One address or folder of the source in a text.</summary>
/// <param name="Url">Set for a web address.</param>
/// <param name="Path">Set for a folder.</param>
internal readonly record struct AddressMatch(int Start, int End, UrlMatch? Url, PathForm? Path);

/// <summary>Where the parts of a web address lie, so that the replacement keeps their encoding.</summary>
/// <param name="ColonStart">Equal to <paramref name="SlashStart"/> where the address has no scheme.</param>
internal sealed record UrlMatch(UrlTarget Target, int ColonStart, int SlashStart, int SlashLength);

/// <summary>Walks over the addresses and folders in a text from left to right.</summary>
internal ref struct AddressScanner
{
    private readonly ReadOnlySpan<byte> _text;
    private readonly HostAnchor[] _hosts;
    private readonly PathRule[] _paths;
    private readonly Span<int> _next;
    private int _from;

    /// <param name="next">Room for one position per anchor.</param>
    internal AddressScanner(ReadOnlySpan<byte> text, HostAnchor[] hosts, PathRule[] paths, Span<int> next)
    {
        _text = text;
        _hosts = hosts;
        _paths = paths;
        _next = next;
        _next.Fill(-1);
    }

    internal bool MoveNext(out AddressMatch match)
    {
        while (true)
        {
            var nearest = Nearest();
            if (nearest < 0)
            {
                match = default;
                return false;
            }

            var at = _next[nearest];
            var found = nearest < _hosts.Length
                ? TryUrl(_hosts[nearest], at, out match)
                : TryPath(_paths[nearest - _hosts.Length], at, out match);
            _next[nearest] = -1 - Math.Max(found ? match.End : 0, at + 1);
            if (!found) continue;
            _from = match.End;
            return true;
        }
    }

    /// <summary>The anchor that comes next, -1 if none does. A negative position says from where to search anew.</summary>
    private readonly int Nearest()
    {
        var nearest = -1;
        for (var i = 0; i < _next.Length; i++)
        {
            if (_next[i] >= 0 && _next[i] < _from) _next[i] = -1 - _from;
            if (_next[i] < 0)
            {
                var from = Math.Min(Math.Max(-1 - _next[i], _from), _text.Length);
                _next[i] = i < _hosts.Length ? _hosts[i].Next(_text, from) : NextOf(_paths[i - _hosts.Length].Anchor, from);
            }

            if (_next[i] < _text.Length && (nearest < 0 || _next[i] < _next[nearest])) nearest = i;
        }

        return nearest;
    }

    private readonly int NextOf(byte[] anchor, int from)
    {
        var found = _text[from..].IndexOf(anchor);
        return found < 0 ? _text.Length : from + found;
    }

    private readonly bool TryUrl(HostAnchor anchor, int at, out AddressMatch match)
    {
        match = default;
        var host = at;
        if (host >= 4 && Punctuation.EqualsIgnoringCase(_text[(host - 4)..host], "www."u8)) host -= 4;
        var slash = Punctuation.SlashBefore(_text, host);
        if (slash == 0) return false;
        var slashes = host - (2 * slash);
        if (slashes < _from || !Punctuation.EqualsIgnoringCase(_text.Slice(slashes, slash), _text.Slice(slashes + slash, slash))) return false;

        // "\//" would otherwise be a slash with and one without a backslash, "%252F%2F" likewise.
        if (Punctuation.SlashBefore(_text, host - slash) != slash) return false;

        var colon = Punctuation.ColonBefore(_text, slashes);
        var start = colon == 0 ? slashes : SchemeStart(slashes - colon);
        if (start < _from || (colon == 0 && !MayBeginAddress(slashes, slash))) return false;

        var token = _text.Slice(host - slash, slash);
        foreach (var rule in anchor.Rules)
        {
            var end = EndOf(rule, at + anchor.Length, token);
            if (end < 0) continue;
            if (rule.Target is null) return false;
            match = new AddressMatch(start, end, new UrlMatch(rule.Target, slashes - colon, slashes, slash), null);
            return true;
        }

        return false;
    }

    /// <summary>Start of "http" or "https" that ends at <paramref name="colon"/>, -1 for any other scheme.</summary>
    private readonly int SchemeStart(int colon)
    {
        if (colon >= 5 && Punctuation.EqualsIgnoringCase(_text[(colon - 5)..colon], "https"u8)) return colon - 5;
        if (colon >= 4 && Punctuation.EqualsIgnoringCase(_text[(colon - 4)..colon], "http"u8)) return colon - 4;
        return -1;
    }

    /// <summary>Two slashes in the middle of a path are no protocol-relative address; after %3D or the like they are.</summary>
    private readonly bool MayBeginAddress(int at, int slashLength)
    {
        if (at == 0) return true;
        var before = _text[at - 1];
        if (slashLength >= 3 && _text[at] == '%') return Punctuation.SlashBefore(_text, at) == 0;
        return !IsNameByte(before) && before is not ((byte)'/' or (byte)'\\' or (byte)'.' or (byte)':');
    }

    private readonly int EndOf(UrlRule rule, int at, ReadOnlySpan<byte> slash)
    {
        at = AfterPort(at, slash, rule.Port);
        foreach (var segment in rule.Segments)
        {
            if (at < 0 || !StandsAt(at, slash) || !_text[(at + slash.Length)..].StartsWith(segment)) return -1;
            at += slash.Length + segment.Length;
        }

        return at >= 0 && IsBoundary(at, afterHost: rule.Segments.Length == 0) ? at : -1;
    }

    /// <summary>Position behind the port a rule asks for; -1 if there is another one.</summary>
    private readonly int AfterPort(int at, ReadOnlySpan<byte> slash, int? expected)
    {
        var colon = 0;
        if (at < _text.Length && _text[at] == ':') colon = 1;
        else if (slash[^1] != '/')
        {
            var encoded = Punctuation.ColonLike(slash);
            if (StandsAt(at, encoded)) colon = encoded.Length;
        }

        var digits = 0;
        var port = 0;
        while (colon > 0 && digits < 6 && at + colon + digits < _text.Length && char.IsAsciiDigit((char)_text[at + colon + digits]))
            port = (port * 10) + _text[at + colon + digits++] - '0';
        if (digits == 0) return expected is null ? at : -1;
        var fits = expected is { } wanted ? port == wanted : port is 80 or 443;
        return fits ? at + colon + digits : -1;
    }

    private readonly bool TryPath(PathRule rule, int at, out AddressMatch match)
    {
        match = default;
        foreach (var form in rule.Forms)
        {
            var offset = form.Source.AsSpan().IndexOf(rule.Anchor);
            var start = at - offset;
            if (offset < 0 || start < _from || !_text[start..].StartsWith(form.Source)) continue;
            var end = start + form.Source.Length;
            if (!IsBoundary(end, afterHost: false) || !MayBeginPath(start, form)) continue;
            if (form.Target.Length > form.Source.Length && _text[start..].StartsWith(form.Target)) continue;
            match = new AddressMatch(start, end, null, form);
            return true;
        }

        return false;
    }

    private readonly bool MayBeginPath(int start, PathForm form)
    {
        if (start == 0) return true;
        var before = _text[start - 1];
        if (form.IsPercent && start >= 3 && _text[start - 3] == '%') return !Punctuation.EqualsIgnoringCase(_text[(start - 2)..start], "2f"u8);
        return !IsNameByte(before) && before is not ((byte)'/' or (byte)'\\' or (byte)'.' or (byte)'~' or (byte)'%');
    }

    /// <summary>A longer name, another domain ending, or credentials before an "@" make it a different address.</summary>
    private readonly bool IsBoundary(int at, bool afterHost)
    {
        if (at >= _text.Length) return true;
        var next = _text[at];
        if (IsNameByte(next) || (afterHost && next == '@')) return false;
        return next != '.' || at + 1 >= _text.Length || !char.IsAsciiLetterOrDigit((char)_text[at + 1]);
    }

    private readonly bool StandsAt(int at, ReadOnlySpan<byte> token) =>
        at + token.Length <= _text.Length && Punctuation.EqualsIgnoringCase(_text.Slice(at, token.Length), token);

    private static bool IsNameByte(byte value) => char.IsAsciiLetterOrDigit((char)value) || value is (byte)'_' or (byte)'-';
}
