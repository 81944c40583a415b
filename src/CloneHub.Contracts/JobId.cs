using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace CloneHub.Contracts;

/// <summary>
/// The name of one job, and of everything its clone consists of: host name, database, user, folders, labels.
/// Text form: <c>job-</c> and 26 characters of lower-case base 32 (RFC 4648) that hold 128 bits; 30 characters in all,
/// so that it is a valid DNS label and fits MySQL's limit of 32 characters for a user name.
/// </summary>
public readonly record struct JobId
{
    private const string Prefix = "job-";
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567";
    private const int EncodedLength = 26;

    private static readonly SearchValues<char> Letters = SearchValues.Create(Alphabet);

    private readonly string? _value;

    private JobId(string value) => _value = value;

    public string Value => _value ?? throw new InvalidOperationException("A default JobId has no value.");

    /// <summary>The 26 characters without the prefix, for names that may not hold a dash.</summary>
    public string Key => Value[Prefix.Length..];

    /// <summary>Makes an id of 16 bytes: random ones, or a keyed hash of tenant and idempotency key.</summary>
    public static JobId FromBytes(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, 16);
        Span<char> text = stackalloc char[EncodedLength];
        var buffer = 0;
        var bits = 0;
        var next = 0;
        foreach (var b in bytes)
        {
            buffer = (buffer << 8) | b;
            bits += 8;
            while (bits >= 5)
            {
                bits -= 5;
                text[next++] = Alphabet[(buffer >> bits) & 31];
            }
        }

        text[next] = Alphabet[(buffer << (5 - bits)) & 31];
        return new JobId(string.Concat(Prefix, text));
    }

    public static bool TryParse([NotNullWhen(true)] string? text, out JobId id)
    {
        id = default;
        if (text is null || text.Length != Prefix.Length + EncodedLength || !text.StartsWith(Prefix, StringComparison.Ordinal)) return false;
        if (text.AsSpan(Prefix.Length).ContainsAnyExcept(Letters)) return false;
        id = new JobId(text);
        return true;
    }

    public static JobId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException($"'{text}' is not a job id.");

    public override string ToString() => _value ?? "";
}
