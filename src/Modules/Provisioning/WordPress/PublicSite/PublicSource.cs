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
    // All jobs of this node that read the same site share one turn, so that many clones of it are no more load than one.
    private readonly SemaphoreSlim[] _turns = [.. Enumerable.Range(0, 1024).Select(_ => new SemaphoreSlim(1))];

    /// <exception cref="StepFaultException">The site publishes nothing this way, and why.</exception>
    internal async Task<PublicSource> ConnectAsync(Contracts.CloneOrder order, CancellationToken cancellation)
    {
        var turn = _turns[(uint)string.GetHashCode(order.SourceUrl.Host, StringComparison.OrdinalIgnoreCase) % _turns.Length];
        var http = new PublicHttp(new SourceHttp(options, clock, order.Job), turn, clock);
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
        var home = await http.GetAsync(start, cancellation);
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
            foreach (Match link in links.SelectMany(line => LinkHeader().Matches(line)))
                if (Uri.TryCreate(home.Address, link.Groups[1].Value, out var root)) yield return root;
        }

        foreach (Match link in LinkElement().Matches(home.Text))
            if (Uri.TryCreate(home.Address, WebUtility.HtmlDecode(link.Groups[1].Value), out var root)) yield return root;
        yield return new Uri(folder, "wp-json/");
        yield return new Uri(folder, "?rest_route=/");
    }

    private static bool IsWordPress(PublicAnswer home) =>
        WordPressMark().IsMatch(home.Text) || (home.Headers.TryGetValues("Link", out var links) && links.Any(link => link.Contains("api.w.org", StringComparison.Ordinal)));

    [GeneratedRegex("""<([^<>]+)>\s*;[^,]*rel="?https://api\.w\.org/"?""")]
    private static partial Regex LinkHeader();

    [GeneratedRegex("""<link\b[^>]*\brel=["']https://api\.w\.org/["'][^>]*\bhref=["']([^"']+)["']""", RegexOptions.IgnoreCase)]
    private static partial Regex LinkElement();

    [GeneratedRegex("""/wp-(?:content|includes)/|<meta\b[^>]*\bcontent=["']WordPress\b""", RegexOptions.IgnoreCase)]
    private static partial Regex WordPressMark();
}
