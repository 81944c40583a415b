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
        if (order.Fidelity is CloneFidelity.Public) await VisitPublicAsync(order, secrets, address, account.Username, cancellation);
        else await VisitAsync(order, secrets, address, account.Username, cancellation);
        return new StepFacts { CloneUrl = address, Username = account.Username, PluginVersion = account.Version };
    }

    private async Task VisitAsync(CloneOrder order, JobSecrets secrets, Uri address, string username, CancellationToken cancellation)
    {
        using var plugin = new ClonePlugin(route.Http, address, host: null, order.Job, secrets.ConnectorKey, clock);
        using var sourceHttp = new SourceHttp(source, clock);
        var urls = await plugin.UrlsAsync(Pages, Media, cancellation);
        var verifier = new SiteVerifier(
            route.Http, (page, stop) => sourceHttp.SendAsync(new HttpRequestMessage(HttpMethod.Get, page), stop), clock);

        await verifier.VerifyAsync(new SiteVisit(address, HomeOfSource(urls, order), urls, username, secrets.ClonePassword, SeedOf(order)), cancellation);
    }

    private async Task VisitPublicAsync(CloneOrder order, JobSecrets secrets, Uri address, string username, CancellationToken cancellation)
    {
        using var site = await published.ConnectAsync(order, cancellation);
        var visit = new SiteVisit(address, site.Facts.Home, new CloneUrls(address.AbsoluteUri, [], [], []), username, secrets.ClonePassword, SeedOf(order));
        await new PublicVerifier(route.Http, site, visit, clock).VerifyAsync(cancellation);
    }

    // The same choice for every attempt of a job: a page that differs is found again. (Hash codes of strings differ from run to run.)
    private static int SeedOf(CloneOrder order) => order.Job.Value.Aggregate(0, (sum, letter) => unchecked((sum * 31) + letter));

    /// <summary>The address that was asked for may redirect to the site's own, or lead into the site: pages are compared at the site's own.</summary>
    private static Uri HomeOfSource(CloneUrls urls, CloneOrder order) =>
        Uri.TryCreate(urls.Source, UriKind.Absolute, out var home) && home.Scheme is ("http" or "https") ? home : order.SourceUrl;
}
