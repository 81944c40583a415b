using System.Globalization;
using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress.Import;

namespace CloneHub.Provisioning.WordPress.Verification;

/// <summary>What is compared with what.</summary>
/// <param name="CloneUrl">Public address of the clone's home page.</param>
/// <param name="Urls">Addresses the clone gave of itself; of pages and media a random choice is visited.</param>
/// <param name="Seed">Makes the choice repeatable.</param>
internal sealed record SiteVisit(Uri CloneUrl, SourceAddresses Source, CloneUrls Urls, string Username, Secret Password, int Seed);

/// <summary>How much of a site is looked at, at most.</summary>
/// <param name="Assets">Of what the visited pages need: pictures, styles, scripts.</param>
internal sealed record VisitScope(int Pages, int Media, int MenuLinks, int Assets, int AtOnce)
{
    /// <summary>What is looked at while somebody waits for the clone.</summary>
    internal static readonly VisitScope AtTheDoor = new(Pages: 3, Media: 5, MenuLinks: 0, Assets: 0, AtOnce: 4);

    /// <summary>What is looked at when nobody waits; the source has other visitors.</summary>
    internal static readonly VisitScope Crawl = new(Pages: 40, Media: 40, MenuLinks: 100, Assets: 200, AtOnce: 2);
}

/// <summary>How much was compared, and in <paramref name="Warnings"/> what could not be.</summary>
internal sealed record VisitReport(int Pages, int Menus, int Media, IReadOnlyList<string> Warnings);

/// <summary>
/// Visits a clone as its owner would: home, REST, log-in, pages, media; and compares with the source. A clone that differs is not ready. Once it serves, a crawl
/// looks further: more pages and media, links of menus, and what the pages need.
/// </summary>
/// <param name="clone">Reaches the clone by its public address; follows no redirects and keeps no cookies.</param>
/// <param name="source">Fetches from the source, redirects not followed.</param>
internal sealed class SiteVerifier(HttpMessageInvoker clone, Func<Uri, CancellationToken, Task<HttpResponseMessage>> source, TimeProvider clock)
{
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    /// <exception cref="StepFaultException">VERIFY_FAILED: the clone differs.</exception>
    internal async Task<VisitReport> VerifyAsync(SiteVisit visit, VisitScope scope, CancellationToken cancellation)
    {
        var findings = new Findings();
        var comparison = Compare(visit, findings, findings.Differ);
        var (pages, menus, media) = Choose(visit, scope, comparison, findings);
        var admin = new AdminVisit(visit, SendCloneAsync, findings.Differ);
        await Parallel.ForEachAsync(
            [comparison.HomeAsync, comparison.RestAsync, token => LogInAsync(admin, findings, token), .. pages.Checks, .. menus.Checks, .. media.Checks],
            new ParallelOptions { MaxDegreeOfParallelism = scope.AtOnce, CancellationToken = cancellation },
            async (check, token) => await check(token));
        foreach (var visits in new[] { pages, media }) visits.RequireSome(findings);
        if (findings.Differences is { } differences) throw ImportFault.Verification($"The clone differs from its source: {differences}.");
        return new VisitReport(pages.Compared, menus.Compared, media.Compared, findings.Warnings);
    }

    /// <summary>Tells what differs instead of refusing the clone.</summary>
    /// <param name="limit">What has not been looked at by then is told as not compared.</param>
    internal async Task<CrawlFacts> CrawlAsync(SiteVisit visit, VisitScope scope, TimeSpan limit, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        var findings = new Findings();
        var comparison = Compare(visit, findings, findings.Doubt);
        var (pages, menus, media) = Choose(visit, scope, comparison, findings);
        await RunAsync([comparison.HomeAsync, .. pages.Checks, .. menus.Checks, .. media.Checks]);
        var assets = new Visits("pictures, styles and scripts of pages", [.. comparison.Assets.Order(StringComparer.Ordinal).Take(scope.Assets)], comparison.AssetAsync);
        await RunAsync(assets.Checks);
        foreach (var visits in new[] { pages, menus, media, assets }) visits.TellNotCompared(findings);
        var (differences, doubts) = findings.All(CrawlFacts.MostTold);
        return new CrawlFacts(pages.Compared, menus.Compared, media.Compared, assets.Compared, differences, doubts);

        async Task RunAsync(IEnumerable<Func<CancellationToken, Task>> checks)
        {
            var late = 0;
            await Parallel.ForEachAsync(checks, new ParallelOptions { MaxDegreeOfParallelism = scope.AtOnce, CancellationToken = cancellation }, async (check, _) =>
            {
                try
                {
                    either.Token.ThrowIfCancellationRequested();
                    await check(either.Token);
                }
                catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellation.IsCancellationRequested)
                {
                    Interlocked.Increment(ref late);
                }
            });
            if (late > 0) findings.Doubt(string.Create(CultureInfo.InvariantCulture, $"{late} addresses, for which there was no time"));
        }
    }

    /// <param name="silentSource">Told when the source does not answer: while somebody waits for the clone a difference like any other, and later not the clone's fault.</param>
    private Comparison Compare(SiteVisit visit, Findings findings, Action<string> silentSource) => new(
        visit, new Side("the clone", FetchCloneAsync, address => IsWithin(visit.CloneUrl, address), findings.Differ),
        new Side("the source", FetchSourceAsync, address => IsSameSite(new Uri(visit.Source.Home), address), silentSource), findings);

    private static (Visits Pages, Visits Menus, Visits Media) Choose(SiteVisit visit, VisitScope scope, Comparison comparison, Findings findings)
    {
        var chance = new Random(visit.Seed);
        var pages = new Visits("pages", Choose(Own("a page", visit.Urls.Pages.Select(page => page.Url)), scope.Pages, chance), comparison.PageAsync);
        var media = new Visits("media", Choose(Own("a medium", visit.Urls.Media), scope.Media, chance), comparison.MediaAsync);
        var links = Own("a menu", visit.Urls.Menus);
        if (scope.MenuLinks > 0 && links.Count > scope.MenuLinks) findings.Doubt(string.Create(CultureInfo.InvariantCulture, $"{links.Count - scope.MenuLinks} links of menus"));
        return (pages, new Visits("links of menus", Choose(links, scope.MenuLinks, chance), comparison.PageAsync), media);

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
