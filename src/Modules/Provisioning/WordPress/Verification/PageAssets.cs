using System.Net;
using System.Text.RegularExpressions;

namespace CloneHub.Provisioning.WordPress.Verification;

/// <summary>
/// What a browser fetches to show a page: pictures, styles, scripts. What styles and scripts fetch themselves is not seen, nor what comes after the first half megabyte.
/// The patterns are bounded, because a page may be made to have it looked at without end.
/// </summary>
internal static partial class PageAssets
{
    private const int LargestLookedAt = 512 * 1024;

    /// <param name="page">HTML.</param>
    /// <param name="at">Address that relative ones are meant from.</param>
    internal static IEnumerable<Uri> Of(string page, Uri at)
    {
        foreach (Match tag in Tag().Matches(page.Length <= LargestLookedAt ? page : page[..LargestLookedAt]))
        {
            var attributes = tag.Groups["attributes"].Value;
            var isLink = tag.Groups["name"].Value.Equals("link", StringComparison.OrdinalIgnoreCase);
            if (isLink && !Fetched().IsMatch(attributes)) continue;
            var value = (isLink ? Href() : Src()).Match(attributes).Groups["value"];
            if (value.Success && Uri.TryCreate(at, WebUtility.HtmlDecode(value.Value.Trim()), out var address) && address.Scheme is "http" or "https")
                yield return address.Fragment.Length == 0 ? address : new UriBuilder(address) { Fragment = "" }.Uri;
        }
    }

    [GeneratedRegex(@"<(?<name>img|script|link|source|video|audio)\b(?<attributes>[^<>]{0,2000})>", RegexOptions.IgnoreCase)]
    private static partial Regex Tag();

    /// <summary>Other links are addresses for programs, such as feeds.</summary>
    [GeneratedRegex("""\brel\s*=\s*["']?[^"'>]{0,100}?\b(?:stylesheet|icon|preload|modulepreload)\b""", RegexOptions.IgnoreCase)]
    private static partial Regex Fetched();

    [GeneratedRegex("""(?<![-\w])href\s*=\s*(?:"(?<value>[^"]+)"|'(?<value>[^']+)')""", RegexOptions.IgnoreCase)]
    private static partial Regex Href();

    [GeneratedRegex("""(?<![-\w])src\s*=\s*(?:"(?<value>[^"]+)"|'(?<value>[^']+)')""", RegexOptions.IgnoreCase)]
    private static partial Regex Src();
}
