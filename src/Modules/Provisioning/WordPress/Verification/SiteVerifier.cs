using System.Globalization;
using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress.Import;

namespace CloneHub.Provisioning.WordPress.Verification;

/// <summary>What is compared with what.</summary>
/// <param name="CloneUrl">Public address of the clone's home page.</param>
/// <param name="Urls">Addresses the clone gave of itself; of pages and media a random choice is visited.</param>
/// <param name="Seed">Makes the choice repeatable.</param>
internal sealed record SiteVisit(Uri CloneUrl, SourceAddresses Source, CloneUrls Urls, string Username, Secret Password, int Seed);

/// <summary>How much was compared, and in <paramref name="Warnings"/> what could not be.</summary>
internal sealed record VisitReport(int Pages, int Menus, int Media, IReadOnlyList<string> Warnings);

/// <summary>
/// Visits a clone as its owner would: home, pages, menus, media, log-in, REST; and compares with the source. A clone that differs is not ready.
/// </summary>
/// <param name="clone">Reaches the clone by its public address; follows no redirects and keeps no cookies.</param>
/// <param name="source">Fetches from the source, redirects not followed.</param>
internal sealed class SiteVerifier(HttpMessageInvoker clone, Func<Uri, CancellationToken, Task<HttpResponseMessage>> source, TimeProvider clock)
{
    private const int PagesVisited = 10;
    private const int MediaVisited = 20;
    private const int MenuLinksVisited = 500;
    private const int AtOnce = 4;
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    internal async Task<VisitReport> VerifyAsync(SiteVisit visit, CancellationToken cancellation)
    {
        var findings = new Findings();
        var comparison = new Comparison(
            visit, new Side("the clone", FetchCloneAsync, address => IsWithin(visit.CloneUrl, address), findings),
            new Side("the source", FetchSourceAsync, address => IsSameSite(new Uri(visit.Source.Home), address), findings), findings);
        var chance = new Random(visit.Seed);
        var pages = new Visits("pages", Choose(Own("a page", visit.Urls.Pages.Select(page => page.Url)), PagesVisited, chance), comparison.PageAsync);
        var media = new Visits("media", Choose(Own("a medium", visit.Urls.Media), MediaVisited, chance), comparison.MediaAsync);
        var links = Own("a menu", visit.Urls.Menus);
        var menus = new Visits("links of menus", Choose(links, MenuLinksVisited, chance), comparison.PageAsync);
        if (links.Count > MenuLinksVisited) findings.Doubt(string.Create(CultureInfo.InvariantCulture, $"{links.Count - MenuLinksVisited} links of menus"));

        var admin = new AdminVisit(visit, SendCloneAsync, findings.Differ);
        await Parallel.ForEachAsync(
            [comparison.HomeAsync, comparison.RestAsync, token => LogInAsync(admin, findings, token), .. pages.Checks, .. menus.Checks, .. media.Checks],
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation },
            async (check, token) => await check(token));
        foreach (var visits in new[] { pages, media }) visits.RequireSome(findings);
        if (findings.Differences is { } differences) throw ImportFault.Verification($"The clone differs from its source: {differences}.");
        return new VisitReport(pages.Compared, menus.Compared, media.Compared, findings.Warnings);

        List<string> Own(string what, IEnumerable<string> urls)
        {
            var own = new List<string>();
            foreach (var url in urls.Distinct(StringComparer.Ordinal))
            {
                // A clone runs code of strangers, which must not send us to other hosts; and plugins let a page stand for an address elsewhere.
                if (Uri.TryCreate(url, UriKind.Absolute, out var address) && IsWithin(visit.CloneUrl, address)) own.Add(url);
                else if (comparison.NamesSource(url)) findings.Differ($"{what} leads to the source: {url}");
                else if (what != "a menu") findings.Doubt($"{what} at {address?.Host ?? url}");
            }

            return own;
        }
    }

    private static async Task LogInAsync(AdminVisit admin, Findings findings, CancellationToken cancellation)
    {
        try
        {
            await admin.RunAsync(cancellation);
        }
        catch (Exception fault) when (Side.IsNoAnswer(fault, cancellation))
        {
            findings.Differ($"the clone does not answer a log-in: {Side.Why(fault)}");
        }
    }

    private Task<Fetched> FetchCloneAsync(Uri address, CancellationToken cancellation) =>
        SendCloneAsync(new HttpRequestMessage(HttpMethod.Get, address), cancellation);

    private async Task<Fetched> SendCloneAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(Patience, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        using (request)
        {
            using var answer = await clone.SendAsync(request, both.Token);
            return await Fetched.ReadAsync(answer, both.Token);
        }
    }

    private async Task<Fetched> FetchSourceAsync(Uri address, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(Patience, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        using var answer = await source(address, both.Token);
        return await Fetched.ReadAsync(answer, both.Token);
    }

    private static List<string> Choose(List<string> urls, int count, Random chance)
    {
        var all = urls.Order(StringComparer.Ordinal).ToArray();
        chance.Shuffle(all);
        return [.. all.Take(count)];
    }

    private static bool IsWithin(Uri site, Uri address) => address.Scheme == site.Scheme && address.Authority == site.Authority;

    /// <summary>A site may redirect between http and https and to or from www.</summary>
    private static bool IsSameSite(Uri site, Uri address) =>
        address.Scheme is "http" or "https" && string.Equals(Apex(site), Apex(address), StringComparison.OrdinalIgnoreCase);

    private static string Apex(Uri address) => address.Host.StartsWith("www.", StringComparison.OrdinalIgnoreCase) ? address.Host[4..] : address.Host;
}
