using System.Globalization;
using System.Text;

namespace CloneHub.Provisioning.WordPress.Rewriting;

/// <summary>
/// What becomes what: web addresses of a site with everything below them, and folders of its server. An address stands for both
/// schemes, for the protocol-relative form, and for the host with and without <c>www.</c>.
/// </summary>
internal sealed class RewriteMap
{
    private readonly List<UrlRule> _urls = [];
    private readonly List<PathRule> _paths = [];

    internal IReadOnlyList<UrlRule> Urls => _urls;

    internal IReadOnlyList<PathRule> Paths => _paths;

    /// <summary>Everything at or below <paramref name="from"/> becomes the same thing below <paramref name="to"/>.</summary>
    public RewriteMap Url(Uri from, Uri to)
    {
        var target = new UrlTarget(to);
        foreach (var host in new[] { from.Host, from.IdnHost }.Distinct(StringComparer.OrdinalIgnoreCase))
            Add(new UrlRule(Apex(host), from.IsDefaultPort ? null : from.Port, Segments(from), target));

        // A target below the source (a clone in a folder of the same host) must not be taken for the source in a second run.
        Add(new UrlRule(Apex(to.Host), to.IsDefaultPort ? null : to.Port, Segments(to), Target: null));
        return this;
    }

    /// <summary>
    /// A folder and everything in it. Folders of fewer than two segments are passed over: "/app" in a text is more often a relative
    /// address than a folder.
    /// </summary>
    public RewriteMap Path(string from, string to)
    {
        var source = from.TrimEnd('/', '\\');
        var target = to.TrimEnd('/');
        var segments = source.Split('/', '\\').Count(segment => segment.Length > 0);
        if (segments < 2 || _paths.Any(rule => rule.Source == source)) return this;
        _paths.Add(new PathRule(source, target));
        return this;
    }

    private void Add(UrlRule rule)
    {
        if (!_urls.Any(known => known.SameSource(rule))) _urls.Add(rule);
    }

    private static byte[] Apex(string host)
    {
        var lower = host.ToLowerInvariant();
        return Encoding.UTF8.GetBytes(lower.StartsWith("www.", StringComparison.Ordinal) ? lower[4..] : lower);
    }

    internal static byte[][] Segments(Uri uri) =>
        [.. uri.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Encoding.UTF8.GetBytes)];
}

/// <param name="Apex">Host in lower case without <c>www.</c></param>
/// <param name="Port">Null for the scheme's own.</param>
/// <param name="Segments">Path that the address must begin with.</param>
/// <param name="Target">Null for an address that stays as it is.</param>
internal sealed record UrlRule(byte[] Apex, int? Port, byte[][] Segments, UrlTarget? Target)
{
    internal bool SameSource(UrlRule other) =>
        Apex.AsSpan().SequenceEqual(other.Apex) && Port == other.Port && Segments.Length == other.Segments.Length
        && Segments.Zip(other.Segments).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second));
}

internal sealed class UrlTarget(Uri uri)
{
    internal byte[] Scheme { get; } = Encoding.ASCII.GetBytes(uri.Scheme);

    internal byte[] Host { get; } = Encoding.UTF8.GetBytes(uri.Host);

    internal byte[]? Port { get; } = uri.IsDefaultPort ? null : Encoding.ASCII.GetBytes(uri.Port.ToString(CultureInfo.InvariantCulture));

    internal byte[][] Segments { get; } = RewriteMap.Segments(uri);
}

/// <summary>A folder in each of the forms in which it may stand in a text.</summary>
internal sealed class PathRule(string source, string target)
{
    private static readonly string[] Separators = ["/", "\\/", "\\\\/", "\\\\\\/", "%2F", "%2f", "%252F"];

    internal string Source { get; } = source;

    internal PathForm[] Forms { get; } =
    [
        .. Separators.Select(separator => new PathForm(
            Encoding.UTF8.GetBytes(source.Replace('\\', '/').Replace("/", separator, StringComparison.Ordinal)),
            Encoding.UTF8.GetBytes(target.Replace("/", separator, StringComparison.Ordinal)),
            IsPercent: separator[0] == '%')),
        .. source.Contains('\\', StringComparison.Ordinal) ? Backslashed(source, target) : [],
    ];

    /// <summary>The longest segment: a text without it holds none of the forms.</summary>
    internal byte[] Anchor { get; } = Encoding.UTF8.GetBytes(source.Split('/', '\\').MaxBy(segment => segment.Length) ?? source);

    private static IEnumerable<PathForm> Backslashed(string source, string target) =>
    [
        new(Encoding.UTF8.GetBytes(source), Encoding.UTF8.GetBytes(target), IsPercent: false),
        new(
            Encoding.UTF8.GetBytes(source.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("/", "\\/", StringComparison.Ordinal)),
            Encoding.UTF8.GetBytes(target.Replace("/", "\\/", StringComparison.Ordinal)),
            IsPercent: false),
    ];
}

internal sealed record PathForm(byte[] Source, byte[] Target, bool IsPercent);
