using System.Net;
using System.Text.RegularExpressions;

namespace CloneHub.Provisioning.WordPress.PublicSite;

/// <summary>A site that publishes something, found and ready to be read.</summary>
/// <param name="HomePage">Markup of the home page.</param>
/// <param name="Posts">How many of them the site counted.</param>
internal sealed record PublicSource(PublicHttp Http, PublicApi Api, PublicSiteFacts Facts, string HomePage, int Posts, int Pages) : IDisposable
{
    public void Dispose() => Http.Dispose();
}

/// <summary>Finds a site's public REST API by GET alone. Nothing is put on the source, so nothing has to be taken from it.</summary>
internal sealed partial class PublicSources(SourceOptions options, TimeProvider clock)
{
    private const int MostLinks = 3;

    // All jobs of this node that read the same site share one turn, so that many clones of it are no more load than one.
    private readonly SemaphoreSlim[] _turns = [.. Enumerable.Range(0, 1024).Select(_ => new SemaphoreSlim(1))];

    /// <exception cref="StepFaultException">The site publishes nothing this way, and why.</exception>
    internal async Task<PublicSource> ConnectAsync(Contracts.CloneOrder order, CancellationToken cancellation)
    {
        var turn = _turns[(uint)string.GetHashCode(order.SourceUrl.Host, StringComparison.OrdinalIgnoreCase) % _turns.Length];
        var http = new PublicHttp(new SourceHttp(options, clock), turn, clock);
        try
        {
            return await FindAsync(http, DoorFinder.StartOf(order.SourceUrl), cancellation);
        }
        catch
        {
            http.Dispose();
            throw;
        }
    }

    private static async Task<PublicSource> FindAsync(PublicHttp http, Uri start, CancellationToken cancellation)
    {
        var home = await http.GetPageAsync(start, cancellation);
        if ((int)home.Status >= 500) throw SourceFaults.Unreachable($"it answers {(int)home.Status}.");
        var said = "there is no REST API at its usual addresses.";
        foreach (var root in RootsOf(home).Distinct())
        {
            var answer = await http.GetAsync(root, cancellation);
            if (answer.Status == HttpStatusCode.OK && PublicSiteFacts.Of(answer, home.Address) is { } facts)
            {
                var api = new PublicApi(http, answer.Address);
                var (posts, pages) = (await CountAsync(api, "wp/v2/posts", cancellation), await CountAsync(api, "wp/v2/pages", cancellation));
                return posts + pages == 0 ? throw PublicFaults.Empty() : new PublicSource(http, api, facts, home.Text, posts, pages);
            }

            if (answer.Status != HttpStatusCode.NotFound) said = $"{root.AbsolutePath} answers {(int)answer.Status} with no API's root.";
        }

        throw IsWordPress(home) ? PublicFaults.ApiClosed(said) : SourceFaults.NotWordPress(start);
    }

    private static async Task<int> CountAsync(PublicApi api, string route, CancellationToken cancellation)
    {
        var page = await api.PageAsync(route, "per_page=1&_fields=id", cancellation);
        return page.Total ?? page.Items.Count;
    }

    /// <summary>Where the site says its API is, and where it is by default: with and without pretty addresses.</summary>
    private static IEnumerable<Uri> RootsOf(PublicAnswer home)
    {
        var folder = new UriBuilder(new Uri(home.Address, ".")) { Query = "", Fragment = "" }.Uri;
        if (home.Headers.TryGetValues("Link", out var links))
        {
            foreach (Match link in links.SelectMany(line => LinkHeader().Matches(line)).Take(MostLinks))
                if (Uri.TryCreate(home.Address, link.Groups[1].Value, out var root)) yield return root;
        }

        foreach (Match link in LinkElement().Matches(home.Text).Take(MostLinks))
            if (Uri.TryCreate(home.Address, WebUtility.HtmlDecode(link.Groups[1].Value), out var root)) yield return root;
        yield return new Uri(folder, "wp-json/");
        yield return new Uri(folder, "?rest_route=/");
    }

    private static bool IsWordPress(PublicAnswer home) =>
        WordPressMark().IsMatch(home.Text) || (home.Headers.TryGetValues("Link", out var links) && links.Any(link => link.Contains("api.w.org", StringComparison.Ordinal)));

    // A site writes these texts: every repetition has a bound, and none runs into the next tag, so that no page can keep a processor busy.
    [GeneratedRegex("""<([^<>]{1,2000})>\s{0,20};[^,]{0,2000}rel="?https://api\.w\.org/"?""")]
    private static partial Regex LinkHeader();

    [GeneratedRegex("""<link\b[^<>]{0,2000}\brel=["']https://api\.w\.org/["'][^<>]{0,2000}\bhref=["']([^"'<>]{1,2000})["']""", RegexOptions.IgnoreCase)]
    private static partial Regex LinkElement();

    [GeneratedRegex("""/wp-(?:content|includes)/|<meta\b[^<>]{0,2000}\bcontent=["']WordPress\b""", RegexOptions.IgnoreCase)]
    private static partial Regex WordPressMark();
}
