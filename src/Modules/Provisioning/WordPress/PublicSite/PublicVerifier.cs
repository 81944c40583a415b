using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CloneHub.Provisioning.WordPress.Import;
using CloneHub.Provisioning.WordPress.Rewriting;
using CloneHub.Provisioning.WordPress.Verification;

namespace CloneHub.Provisioning.WordPress.PublicSite;

/// <summary>
/// Visits a clone of what a site publishes by its public route, and holds a choice of its posts, pages and media against what the source's
/// API says of the same numbers now. Its theme is another one, so the pages' markup is not compared.
/// </summary>
/// <param name="clone">Reaches the clone by its public address; follows no redirects and keeps no cookies.</param>
internal sealed partial class PublicVerifier(HttpMessageInvoker clone, PublicSource source, SiteVisit visit, TimeProvider clock)
{
    private const int PostsVisited = 5;
    private const int MediaVisited = 10;
    private const long LargestCompared = 20 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    private readonly Findings _findings = new();
    private readonly ContentRewriter _leftovers = new(new RewriteMap().Url(source.Facts.Home, visit.CloneUrl).Url(source.Facts.Url, visit.CloneUrl));

    /// <summary>Gives what could not be compared. A clone of which nothing could be is not handed over.</summary>
    internal async Task<IReadOnlyList<string>> VerifyAsync(CancellationToken cancellation)
    {
        await HomeAsync(cancellation);
        var pages = await PostsAsync("posts", cancellation) + await PostsAsync("pages", cancellation);
        if (pages == 0) Differs("posts and pages", "could not be compared: not one of them");
        await MediaAsync(cancellation);
        await new AdminVisit(visit, SendAsync, _findings.Differ).RunAsync(cancellation);
        return _findings.Differences is { } differences
            ? throw ImportFault.Verification($"The clone differs from what its source publishes: {differences}.") : _findings.Warnings;
    }

    private async Task HomeAsync(CancellationToken cancellation)
    {
        var home = await GetAsync(visit.CloneUrl, cancellation);
        if (home.Status != HttpStatusCode.OK) Differs("/", $"answers {(int)home.Status}");
        else if (!Plain(home.Text).Contains(Plain(source.Facts.Name), StringComparison.OrdinalIgnoreCase)) Differs("/", $"does not name '{source.Facts.Name}'");
        LookForSource("/", home);
    }

    /// <summary>Gives how many were compared.</summary>
    private async Task<int> PostsAsync(string kind, CancellationToken cancellation)
    {
        var compared = 0;
        await CountAsync(kind, cancellation);
        foreach (var (here, there) in await PairsAsync(kind, PostsVisited, "id,link,title,modified_gmt", cancellation))
        {
            // Somebody has changed it at the source since it was copied.
            if (here.Moment("modified_gmt") != there.Moment("modified_gmt"))
            {
                _findings.Doubt($"{kind} {there.Id}, which the source has changed since");
                continue;
            }

            compared++;
            var title = Plain(there.Rendered("title"));
            if (Plain(here.Rendered("title")) != title) Differs($"{kind} {there.Id}", $"is titled '{here.Rendered("title")}' instead of '{there.Rendered("title")}'");
            if (!Uri.TryCreate(here.Text("link"), UriKind.Absolute, out var link) || link.Authority != visit.CloneUrl.Authority) continue;
            var page = await GetAsync(link, cancellation);
            if (page.Status != HttpStatusCode.OK) Differs(link.PathAndQuery, $"answers {(int)page.Status}");
            else if (link != visit.CloneUrl && !Plain(page.Text).Contains(title, StringComparison.OrdinalIgnoreCase)) Differs(link.PathAndQuery, $"does not show its title '{title}'");
            LookForSource(link.PathAndQuery, page);
        }

        return compared;
    }

    /// <summary>Everything that the source had published when the clone's newest item was written is to be shown. What came later cannot be here.</summary>
    private async Task CountAsync(string kind, CancellationToken cancellation)
    {
        var (newest, shown) = await AskAsync(kind, "orderby=date&order=desc&per_page=1&_fields=id,date", cancellation);
        var until = newest.Count > 0 && DateTime.TryParse(newest[0].Text("date"), CultureInfo.InvariantCulture, out var date)
            ? string.Create(CultureInfo.InvariantCulture, $"&before={date.AddSeconds(1):s}") : "";
        var published = (await TryPageAsync(kind, $"per_page=1&_fields=id{until}", cancellation))?.Total ?? 0;
        if (published > shown) Differs($"wp/v2/{kind}", string.Create(CultureInfo.InvariantCulture, $"shows {shown} items of {published}"));
    }

    private async Task MediaAsync(CancellationToken cancellation)
    {
        var (compared, large) = (0, 0);
        foreach (var (here, there) in await PairsAsync("media", MediaVisited, "id,source_url", cancellation))
        {
            if (!Uri.TryCreate(here.Text("source_url"), UriKind.Absolute, out var copy) || copy.Authority != visit.CloneUrl.Authority
                || !Uri.TryCreate(there.Text("source_url"), UriKind.Absolute, out var original)) continue;
            var copied = await GetAsync(copy, cancellation);
            if (copied.Status != HttpStatusCode.OK) Differs(copy.AbsolutePath, $"answers {(int)copied.Status}");
            else if (copied.Length > LargestCompared) large++;
            else if (await OriginalAsync(original, cancellation) is not { Status: HttpStatusCode.OK } found) _findings.Doubt(copy.AbsolutePath);
            else if (found.Sum != copied.Sum) Differs(copy.AbsolutePath, "is not the source's file");
            else compared++;
        }

        if (large > 0) _findings.Doubt(string.Create(CultureInfo.InvariantCulture, $"{large} media of more than {LargestCompared >> 20} MB"));
        if (compared + large == 0 && (await AskAsync("media", "per_page=1&_fields=id", cancellation)).Items.Count > 0)
            Differs("media", "could not be compared: not one of them");
    }

    /// <summary>A choice of items as clone and source give them. One that the source has no longer is no difference.</summary>
    private async Task<IReadOnlyList<(RestItem Here, RestItem There)>> PairsAsync(string kind, int count, string fields, CancellationToken cancellation)
    {
        var here = await ListAsync(kind, count, fields, cancellation);
        if (here.Count == 0) return [];
        var ids = string.Join(',', here.Select(item => item.Id.ToString(CultureInfo.InvariantCulture)));
        var there = await TryPageAsync(kind, $"include={ids}&per_page={count}&_fields={fields}", cancellation);
        return there is null ? [] : [.. here.Join(there.Items, item => item.Id, item => item.Id, (one, other) => (one, other))];
    }

    private async Task<RestPage?> TryPageAsync(string kind, string query, CancellationToken cancellation)
    {
        try
        {
            return await source.Api.PageAsync($"wp/v2/{kind}", query, cancellation);
        }
        catch (StepFaultException fault) when (PublicFaults.IsOfOnePart(fault))
        {
            _findings.Doubt($"{kind}: {fault.Fault.Message}");
            return null;
        }
    }

    private async Task<List<RestItem>> ListAsync(string kind, int count, string fields, CancellationToken cancellation)
    {
        var total = (await AskAsync(kind, "per_page=1&_fields=id", cancellation)).Total;
        var offset = (visit.Seed & int.MaxValue) % Math.Max(1, total - count + 1);
        var query = string.Create(CultureInfo.InvariantCulture, $"orderby=id&order=asc&per_page={count}&offset={offset}&_fields={fields}");
        return (await AskAsync(kind, query, cancellation)).Items;
    }

    private async Task<(List<RestItem> Items, int Total)> AskAsync(string kind, string query, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(visit.CloneUrl, $"?rest_route=/wp/v2/{kind}&{query}"));
        using var answer = await clone.SendAsync(request, cancellation);
        var total = answer.Headers.TryGetValues("X-WP-Total", out var values) && int.TryParse(values.First(), CultureInfo.InvariantCulture, out var number) ? number : 0;
        var fetched = await Fetched.ReadAsync(answer, cancellation);
        try
        {
            using var json = JsonDocument.Parse(fetched.Body);
            if (json.RootElement.ValueKind == JsonValueKind.Array) return ([.. json.RootElement.Clone().EnumerateArray().Select(item => new RestItem(item))], total);
        }
        catch (JsonException)
        {
            // What the API answers instead is told below.
        }

        Differs($"wp/v2/{kind}", string.Create(CultureInfo.InvariantCulture, $"answers {(int)fetched.Status} with {fetched.MediaType}"));
        return ([], 0);
    }

    private async Task<Fetched?> OriginalAsync(Uri address, CancellationToken cancellation)
    {
        try
        {
            return await source.Http.AskAsync(address, (answer, _, _, stop) => Fetched.ReadAsync(answer, stop), cancellation);
        }
        catch (StepFaultException)
        {
            // Without an answer there is nothing to compare with; the file was complete when it was copied.
            return null;
        }
    }

    private Task<Fetched> GetAsync(Uri address, CancellationToken cancellation) => SendAsync(new HttpRequestMessage(HttpMethod.Get, address), cancellation);

    private async Task<Fetched> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(Patience, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        using (request)
        {
            using var answer = await clone.SendAsync(request, both.Token);
            return await Fetched.ReadAsync(answer, both.Token);
        }
    }

    private void LookForSource(string page, Fetched fetched)
    {
        if (!_leftovers.TryFind(fetched.Body, out var place)) return;
        var text = Encoding.UTF8.GetString(fetched.Body.AsSpan(place.Start.Value, Math.Min(80, fetched.Body.Length - place.Start.Value)));
        Differs(page, $"still names the source: {End().Split(text)[0]}");
    }

    private void Differs(string where, string how) => _findings.Differ($"{where} {how}");

    /// <summary>Text as people read it: the same whichever quotes and dashes a site's language and theme make of it.</summary>
    private static string Plain(string markup)
    {
        var text = Tag().Replace(WebUtility.HtmlDecode(Tag().Replace(markup, "")), "");
        return Space().Replace(Quote().Replace(Dash().Replace(text, "-"), "'"), " ").Replace("…", "...", StringComparison.Ordinal).Trim();
    }

    [GeneratedRegex("<[^<>]*>")]
    private static partial Regex Tag();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();

    [GeneratedRegex("[\"'\u2018-\u201F\u2032\u2033\u00AB\u00BB\u2039\u203A]+")]
    private static partial Regex Quote();

    [GeneratedRegex("[\u2010-\u2015-]+")]
    private static partial Regex Dash();

    [GeneratedRegex("""[\s"'<>]""")]
    private static partial Regex End();
}
