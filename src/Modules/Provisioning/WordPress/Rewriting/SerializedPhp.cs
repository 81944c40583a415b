using System.Buffers;
using System.Buffers.Text;

namespace CloneHub.Provisioning.WordPress.Rewriting;

/// <summary>A string inside a serialised value: its length as written, and its bytes.</summary>
internal readonly record struct SerializedString(int LengthStart, int LengthEnd, int Start, int Length)
{
    internal int End => Start + Length;
}

/// <summary>
/// Reads values as PHP's serialize() writes them. Nothing is ever unserialised: only the structure is checked and the strings are found.
/// An explicit stack instead of recursion, so that no nesting exhausts the thread's.
/// </summary>
internal ref struct SerializedPhp(ReadOnlySpan<byte> text, List<SerializedString> strings)
{
    private static readonly SearchValues<byte> DoubleBytes = SearchValues.Create("0123456789+-.EeINFA"u8);

    private readonly ReadOnlySpan<byte> _text = text;
    private readonly Stack<(int Left, bool IsObject)> _open = new();
    private int _at;

    /// <summary>
    /// Reads the one value that begins at <paramref name="start"/> and gives its end, or -1 if there is none. The strings that may be changed are
    /// added to the list: all but names of classes and properties.
    /// </summary>
    internal int Read(int start)
    {
        _at = start;
        do
        {
            if (!ReadValue()) return -1;
            while (_open.Count > 0 && _open.Peek().Left == 0)
            {
                _open.Pop();
                if (!Skip((byte)'}')) return -1;
            }
        }
        while (_open.Count > 0);
        return _at;
    }

    private bool ReadValue()
    {
        var isKey = false;
        var isName = false;
        if (_open.Count > 0)
        {
            var (left, isObject) = _open.Pop();
            _open.Push((left - 1, isObject));
            isKey = left % 2 == 0;
            isName = isKey && isObject;
        }

        if (_at + 1 >= _text.Length) return false;
        var type = _text[_at++];
        if (isKey && type is not ((byte)'i' or (byte)'s')) return false;
        if (type == 'N') return Skip((byte)';');
        if (!Skip((byte)':')) return false;
        return type switch
        {
            (byte)'i' or (byte)'R' or (byte)'r' => Number() && Skip((byte)';'),
            (byte)'b' => _at < _text.Length && _text[_at++] is (byte)'0' or (byte)'1' && Skip((byte)';'),
            (byte)'d' => Double(),
            (byte)'s' => String(keep: !isName) && Skip((byte)';'),
            (byte)'E' => String(keep: false) && Skip((byte)';'),
            (byte)'a' => Begin(isObject: false),
            (byte)'O' => String(keep: false) && Skip((byte)':') && Begin(isObject: true),
            (byte)'C' => String(keep: false) && Skip((byte)':') && Custom(),
            _ => false,
        };
    }

    private bool Begin(bool isObject)
    {
        if (!Length(out var count) || !Skip((byte)':') || !Skip((byte)'{')) return false;

        // Each element takes four bytes or more: a count beyond that is no count.
        if (count > (_text.Length - _at) / 4) return false;
        _open.Push((count * 2, isObject));
        return true;
    }

    private bool String(bool keep) => Delimited((byte)'"', (byte)'"', keep);

    /// <summary>What a class of PHP wrote by its own means; it mostly holds serialised values again.</summary>
    private bool Custom() => Delimited((byte)'{', (byte)'}', keep: true);

    private bool Delimited(byte opening, byte closing, bool keep)
    {
        var lengthStart = _at;
        if (!Length(out var length)) return false;
        var lengthEnd = _at;
        if (!Skip((byte)':') || !Skip(opening) || length > _text.Length - _at) return false;
        if (keep) strings.Add(new SerializedString(lengthStart, lengthEnd, _at, length));
        _at += length;
        return Skip(closing);
    }

    private bool Length(out int length)
    {
        if (!Utf8Parser.TryParse(_text[_at..], out length, out var consumed) || length < 0 || !char.IsAsciiDigit((char)_text[_at])) return false;
        _at += consumed;
        return true;
    }

    private bool Number()
    {
        if (!Utf8Parser.TryParse(_text[_at..], out long _, out var consumed)) return false;
        _at += consumed;
        return true;
    }

    private bool Double()
    {
        var end = _text[_at..].IndexOf((byte)';');
        if (end is < 1 or > 64 || _text.Slice(_at, end).ContainsAnyExcept(DoubleBytes)) return false;
        _at += end + 1;
        return true;
    }

    private bool Skip(byte expected)
    {
        if (_at >= _text.Length || _text[_at] != expected) return false;
        _at++;
        return true;
    }
}
