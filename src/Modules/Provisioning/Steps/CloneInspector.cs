using CloneHub.Contracts;
using CloneHub.Provisioning.FrontDoor;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.Verification;

namespace CloneHub.Provisioning.Steps;

/// <summary>Visits a clone by its public route and its source, to compare them.</summary>
internal sealed class CloneInspector(SourceOptions source, PublicRoute route, TimeProvider clock)
{
    /// <summary>Not all addresses can be compared: more of them than are visited.</summary>
    private const int Spare = 2;

    public Task<VisitReport> VerifyAsync(CloneOrder order, JobSecrets secrets, Uri address, string username, CancellationToken cancellation) => VisitAsync(
        order, secrets, address, username, VisitScope.AtTheDoor, (verifier, visit) => verifier.VerifyAsync(visit, VisitScope.AtTheDoor, cancellation), cancellation);

    /// <param name="limit">Within which it is over, whatever has been seen by then.</param>
    public Task<CrawlFacts> CrawlAsync(CloneOrder order, JobSecrets secrets, Uri address, TimeSpan limit, CancellationToken cancellation) => VisitAsync(
        order, secrets, address, "", VisitScope.Crawl, (verifier, visit) => verifier.CrawlAsync(visit, VisitScope.Crawl, limit, cancellation), cancellation);

    private async Task<T> VisitAsync<T>(
        CloneOrder order, JobSecrets secrets, Uri address, string username, VisitScope scope, Func<SiteVerifier, SiteVisit, Task<T>> visit, CancellationToken cancellation)
    {
        using var plugin = new ClonePlugin(route.Http, address, host: null, order.Job, secrets.ConnectorKey, clock);
        using var sourceHttp = new SourceHttp(source, clock);
        var urls = await plugin.UrlsAsync(Spare * scope.Pages, Spare * scope.Media, cancellation);
        var addresses = AddressesOf(urls, order);

        // Where a site gives its pictures to its own pages only, the home page is one of them.
        var referrer = new Uri(addresses.Home);
        var verifier = new SiteVerifier(
            route.Http, (page, stop) => sourceHttp.SendAsync(new HttpRequestMessage(HttpMethod.Get, page) { Headers = { Referrer = referrer } }, stop), clock);
        return await visit(verifier, new SiteVisit(address, addresses, urls, username, secrets.ClonePassword, SeedOf(order.Job)));
    }

    // The same choice for every attempt of a job: a page that differs is found again. (Hash codes of strings differ from run to run.)
    public static int SeedOf(JobId job) => job.Value.Aggregate(0, (sum, letter) => unchecked((sum * 31) + letter));

    /// <summary>The address that was asked for may redirect to the site's own, or lead into the site: pages are compared at the site's own.</summary>
    private static SourceAddresses AddressesOf(CloneUrls urls, CloneOrder order)
    {
        if (urls.Addresses is { } all && IsWeb(all.Home)) return all;
        return new SourceAddresses(IsWeb(urls.Source) ? urls.Source! : order.SourceUrl.AbsoluteUri);
    }

    private static bool IsWeb(string? address) => Uri.TryCreate(address, UriKind.Absolute, out var home) && home.Scheme is "http" or "https";
}
