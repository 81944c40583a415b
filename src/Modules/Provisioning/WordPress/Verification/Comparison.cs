using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CloneHub.Provisioning.WordPress.Rewriting;

namespace CloneHub.Provisioning.WordPress.Verification;

/// <summary>Pages and media of a clone beside those of its source.</summary>
internal sealed partial class Comparison(
    SiteVisit visit, Func<Uri, CancellationToken, Task<Fetched>> clone, Func<Uri, CancellationToken, Task<Fetched>> source, Action<string> differs)
{
    private const int Redirects = 3;
    private const int Excerpt = 80;

    private readonly ContentRewriter _leftovers = new(new RewriteMap().Url(visit.SourceUrl, visit.CloneUrl));

    internal async Task HomeAsync(CancellationToken cancellation)
    {
        var here = await FollowAsync(clone, visit.CloneUrl, cancellation);
        var there = await FollowAsync(source, visit.SourceUrl, cancellation);
        if (here.Status != HttpStatusCode.OK || IsInstaller(here)) differs(string.Create(CultureInfo.InvariantCulture, $"the home page answers {(int)here.Status}{(IsInstaller(here) ? " with WordPress's installer" : "")}"));
        else if (there.Status == HttpStatusCode.OK && Title(here) != Title(there)) differs($"the home page is titled '{Title(here)}' instead of '{Title(there)}'");
        LookForSource("/", here);
    }

    internal async Task PageAsync(Uri address, CancellationToken cancellation)
    {
        var here = await clone(address, cancellation);
        var there = await source(AtSource(address), cancellation);
        if (here.Status != there.Status)
            differs(string.Create(CultureInfo.InvariantCulture, $"{address.PathAndQuery} answers {(int)here.Status} instead of {(int)there.Status}"));
        else if (here.Status == HttpStatusCode.OK && IsHtml(here) && Title(here) != Title(there))
            differs($"{address.PathAndQuery} is titled '{Title(here)}' instead of '{Title(there)}'");
        if (IsHtml(here)) LookForSource(address.PathAndQuery, here);
    }

    /// <summary>A file the source itself does not give out, by hotlink protection for example, cannot be compared.</summary>
    internal async Task MediaAsync(Uri address, CancellationToken cancellation)
    {
        var there = await source(AtSource(address), cancellation);
        var here = await clone(address, cancellation);
        if (there.Status != HttpStatusCode.OK) return;
        if (here.Status != HttpStatusCode.OK) differs(string.Create(CultureInfo.InvariantCulture, $"{address.PathAndQuery} answers {(int)here.Status} instead of 200"));
        else if (here.Length != there.Length || here.Sum != there.Sum) differs($"{address.PathAndQuery} is not the source's file");
    }

    internal async Task RestAsync(CancellationToken cancellation)
    {
        var query = new Uri("?rest_route=/", UriKind.Relative);
        var here = await clone(new Uri(visit.CloneUrl, query), cancellation);
        var there = await source(new Uri(visit.SourceUrl, query), cancellation);
        if (here.Status != HttpStatusCode.OK && here.Status == there.Status) return;
        if (here.Status != HttpStatusCode.OK || !IsJson(here))
            differs(string.Create(CultureInfo.InvariantCulture, $"the REST root answers {(int)here.Status} with {here.MediaType}, which is no JSON"));
    }

    private void LookForSource(string page, Fetched fetched)
    {
        if (!_leftovers.TryFind(fetched.Body, out var place)) return;
        var start = place.Start.Value;
        var text = Encoding.UTF8.GetString(fetched.Body, start, Math.Min(Excerpt, fetched.Body.Length - start));
        differs($"{page} still names the source: {LineBreak().Split(text)[0]}");
    }

    private Uri AtSource(Uri address)
    {
        var path = address.PathAndQuery;
        var home = visit.CloneUrl.AbsolutePath.TrimEnd('/');
        if (home.Length > 0 && path.StartsWith(home + "/", StringComparison.Ordinal)) path = path[home.Length..];
        return new Uri(visit.SourceUrl.AbsoluteUri.TrimEnd('/') + path);
    }

    private static async Task<Fetched> FollowAsync(Func<Uri, CancellationToken, Task<Fetched>> fetch, Uri address, CancellationToken cancellation)
    {
        var fetched = await fetch(address, cancellation);
        for (var i = 0; i < Redirects && fetched.Location is { } location && (int)fetched.Status is >= 300 and < 400; i++)
        {
            var next = new Uri(address, location);
            if (IsInstallerPath(next) || next.Authority != address.Authority) break;
            address = next;
            fetched = await fetch(address, cancellation);
        }

        return fetched;
    }

    private static bool IsInstaller(Fetched page) =>
        (page.Location is { } location && IsInstallerPath(location)) || page.Body.AsSpan().IndexOf("wp-admin/install.php"u8) >= 0;

    private static bool IsInstallerPath(Uri address) => address.OriginalString.Contains("wp-admin/install.php", StringComparison.Ordinal);

    private static bool IsHtml(Fetched page) => page.MediaType.Contains("html", StringComparison.Ordinal);

    private static string Title(Fetched page) => WebUtility.HtmlDecode(TitleElement().Match(page.Text).Groups["title"].Value).Trim();

    private static bool IsJson(Fetched page)
    {
        try
        {
            using var document = JsonDocument.Parse(page.Body);
            return document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            // Not being JSON is the answer to the question.
            return false;
        }
    }

    [GeneratedRegex("<title[^>]*>(?<title>.*?)</title>", RegexOptions.Singleline | RegexOptions.IgnoreCase)]
    private static partial Regex TitleElement();

    [GeneratedRegex("""[\s"'<>]""")]
    private static partial Regex LineBreak();
}
