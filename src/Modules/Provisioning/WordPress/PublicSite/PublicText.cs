using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using CloneHub.Provisioning.WordPress.Rewriting;

namespace CloneHub.Provisioning.WordPress.PublicSite;

/// <summary>What a site shows, as a database keeps it. Addresses become the clone's.</summary>
internal sealed partial class PublicText(ContentRewriter rewriter)
{
    private const int LongestSlug = 200;

    /// <summary>
    /// As one block of HTML, so that the clone shows what the source showed and does not put it into paragraphs again. Marks of other
    /// blocks cannot be in it: they would be filled by the clone.
    /// </summary>
    internal string Content(string rendered) =>
        rendered.Trim().Length == 0 ? "" : $"<!-- wp:html -->\n{BlockMark().Replace(Rewritten(rendered).Trim(), "<!-- - $1")}\n<!-- /wp:html -->";

    internal string Rewritten(string text) => rewriter.Rewrite(Encoding.UTF8.GetBytes(text)) is { } rewritten ? Encoding.UTF8.GetString(rewritten) : text;

    /// <summary>Typographic letters as letters; what would be markup stays escaped.</summary>
    internal string Title(string rendered)
    {
        var text = new StringBuilder(rendered.Length);
        var done = 0;
        foreach (Match entity in Entity().Matches(rendered))
        {
            text.Append(rendered, done, entity.Index - done);
            done = entity.Index + entity.Length;
            text.Append(WebUtility.HtmlDecode(entity.Value) switch
            {
                "&" => "&amp;",
                "<" => "&lt;",
                ">" => "&gt;",
                var letter => letter,
            });
        }

        return Rewritten(text.Append(rendered, done, rendered.Length - done).ToString());
    }

    /// <summary>Only what somebody wrote: the beginning of the content, which WordPress shows where nobody did, ends in an ellipsis.</summary>
    internal string Excerpt(string rendered) =>
        MadeUp().IsMatch(rendered) ? "" : Rewritten(Paragraph().Replace(rendered, "").Trim());

    /// <summary>A caption or a description of a file, without the preview that WordPress puts before it.</summary>
    internal string AboutFile(string rendered) => Rewritten(Paragraph().Replace(Preview().Replace(rendered, ""), "").Trim());

    internal static string Slug(string slug) => Cut(slug, LongestSlug);

    /// <summary>Never between the two halves of one letter: a database takes no half ones.</summary>
    internal static string Cut(string text, int length) => text.Length <= length ? text : text[..(char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)];

    /// <summary>Path and query of an address below the site's home; null where it lies elsewhere.</summary>
    internal static string? PathBelow(Uri home, string address)
    {
        if (!Uri.TryCreate(home, address, out var url) || !SameHost(url, home) || !url.AbsolutePath.StartsWith(home.AbsolutePath, StringComparison.OrdinalIgnoreCase)) return null;
        return url.PathAndQuery[home.AbsolutePath.Length..];
    }

    private static bool SameHost(Uri one, Uri other) => Apex(one.Authority) == Apex(other.Authority);

    private static string Apex(string authority) =>
        authority.StartsWith("www.", StringComparison.OrdinalIgnoreCase) ? authority[4..].ToLower(CultureInfo.InvariantCulture) : authority.ToLower(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"<!--\s*(/?wp:)")]
    private static partial Regex BlockMark();

    [GeneratedRegex(@"&(?:#[0-9]{1,7}|#x[0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")]
    private static partial Regex Entity();

    [GeneratedRegex(@"(?:\[(?:&hellip;|&#8230;|…|\.\.\.)\]|class=.more-link)", RegexOptions.IgnoreCase)]
    private static partial Regex MadeUp();

    [GeneratedRegex(@"</?p>", RegexOptions.IgnoreCase)]
    private static partial Regex Paragraph();

    [GeneratedRegex(@"<p class=.attachment.>.{0,2000}?</p>|<div class=.wp-(?:video|audio).*", RegexOptions.Singleline | RegexOptions.IgnoreCase)]
    private static partial Regex Preview();
}
