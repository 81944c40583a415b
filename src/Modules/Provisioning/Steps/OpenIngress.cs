using CloneHub.Contracts;
using CloneHub.Provisioning.FrontDoor;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.PublicSite;
using CloneHub.Provisioning.WordPress.Verification;

namespace CloneHub.Provisioning.Steps;

/// <summary>Opens the public route, and visits the clone through it: only a clone that looks like its source is handed over.</summary>
internal sealed class OpenIngress(
    ICloneBackend backend, IJobVault vault, SourceOptions source, PublicSources published, PublicRoute route, TimeProvider clock) : ICloneStep
{
    private const int Pages = 10;
    private const int Media = 20;

    public CloneStep Kind => CloneStep.OpenIngress;

    public async Task<StepFacts> RunAsync(
        StepToken token, CloneOrder order, IProgress<ContentProgress> progress, CancellationToken cancellation)
    {
        var secrets = await vault.RequireAsync(order.Job, cancellation);

        // Also tells the administrator's name, and repairs the account should somebody have changed it meanwhile.
        var account = await backend.ActivatePluginAsync(token, order, secrets, cancellation);
        var address = await backend.OpenRouteAsync(token, order, cancellation);
        var warnings = order.Fidelity is CloneFidelity.Public
            ? await VisitPublicAsync(order, secrets, address, account.Username, cancellation)
            : (await VisitAsync(order, secrets, address, account.Username, cancellation)).Warnings;
        return new StepFacts { CloneUrl = address, Username = account.Username, PluginVersion = account.Version, Warnings = warnings };
    }

    private async Task<VisitReport> VisitAsync(CloneOrder order, JobSecrets secrets, Uri address, string username, CancellationToken cancellation)
    {
        using var part = ProvisioningTelemetry.StartPart("verify");
        using var plugin = new ClonePlugin(route.Http, address, host: null, order.Job, secrets.ConnectorKey, clock);
        using var sourceHttp = new SourceHttp(source, clock);
        var urls = await plugin.UrlsAsync(Pages, Media, cancellation);
        var addresses = AddressesOf(urls, order);

        // Where a site gives its pictures to its own pages only, the home page is one of them.
        var referrer = new Uri(addresses.Home);
        var verifier = new SiteVerifier(
            route.Http, (page, stop) => sourceHttp.SendAsync(new HttpRequestMessage(HttpMethod.Get, page) { Headers = { Referrer = referrer } }, stop), clock);

        return await verifier.VerifyAsync(new SiteVisit(address, addresses, urls, username, secrets.ClonePassword, SeedOf(order)), cancellation);
    }

    private async Task<IReadOnlyList<string>> VisitPublicAsync(CloneOrder order, JobSecrets secrets, Uri address, string username, CancellationToken cancellation)
    {
        using var site = await published.ConnectAsync(order, cancellation);
        var visit = new SiteVisit(address, new SourceAddresses(site.Facts.Home.AbsoluteUri), new CloneUrls(address.AbsoluteUri, [], [], []), username, secrets.ClonePassword, SeedOf(order));
        return await new PublicVerifier(route.Http, site, visit, clock).VerifyAsync(cancellation);
    }

    // The same choice for every attempt of a job: a page that differs is found again. (Hash codes of strings differ from run to run.)
    private static int SeedOf(CloneOrder order) => order.Job.Value.Aggregate(0, (sum, letter) => unchecked((sum * 31) + letter));

    /// <summary>The address that was asked for may redirect to the site's own, or lead into the site: pages are compared at the site's own.</summary>
    private static SourceAddresses AddressesOf(CloneUrls urls, CloneOrder order)
    {
        if (urls.Addresses is { } all && IsWeb(all.Home)) return all;
        return new SourceAddresses(IsWeb(urls.Source) ? urls.Source! : order.SourceUrl.AbsoluteUri);
    }

    private static bool IsWeb(string? address) => Uri.TryCreate(address, UriKind.Absolute, out var home) && home.Scheme is "http" or "https";
}
