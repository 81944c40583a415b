using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text;

namespace CloneHub.Provisioning.WordPress.Rewriting;

/// <summary>
/// Finds a host name in bytes without regard to case. Compares two of its bytes at 32 positions at once; bit 0x20 is set on both sides,
/// which folds the letters and leaves dots, dashes and digits alone.
/// </summary>
internal sealed class HostAnchor
{
    private const byte Fold = 0x20;

    private readonly byte[] _host;
    private readonly Vector256<byte> _first;
    private readonly Vector256<byte> _last;

    internal HostAnchor(byte[] host, IEnumerable<UrlRule> rules)
    {
        _host = host;
        _first = Vector256.Create((byte)(host[0] | Fold));
        _last = Vector256.Create((byte)(host[^1] | Fold));
        Rules = [.. rules.OrderByDescending(rule => rule.Segments.Length)];
    }

    internal int Length => _host.Length;

    /// <summary>In lower case.</summary>
    internal byte[] Host => _host;

    /// <summary>The longest path first.</summary>
    internal UrlRule[] Rules { get; }

    /// <summary>Position of the next occurrence at or after <paramref name="from"/>, or the text's length.</summary>
    internal int Next(ReadOnlySpan<byte> text, int from)
    {
        var fold = Vector256.Create(Fold);
        ref var start = ref MemoryMarshal.GetReference(text);
        var at = from;
        for (; at + Vector256<byte>.Count + _host.Length - 1 <= text.Length; at += Vector256<byte>.Count)
        {
            var firsts = Vector256.LoadUnsafe(ref start, (nuint)at) | fold;
            var lasts = Vector256.LoadUnsafe(ref start, (nuint)(at + _host.Length - 1)) | fold;
            var hits = (Vector256.Equals(firsts, _first) & Vector256.Equals(lasts, _last)).ExtractMostSignificantBits();
            for (; hits != 0; hits &= hits - 1)
            {
                var hit = at + BitOperations.TrailingZeroCount(hits);
                if (StandsAt(text, hit)) return hit;
            }
        }

        for (; at + _host.Length <= text.Length; at++)
            if (StandsAt(text, at)) return at;
        return text.Length;
    }

    private bool StandsAt(ReadOnlySpan<byte> text, int at)
    {
        var candidate = text.Slice(at, _host.Length);
        return Ascii.EqualsIgnoreCase(candidate, _host) || candidate.SequenceEqual(_host);
    }
}
