using CloneHub.Contracts;
using CloneHub.Provisioning.FrontDoor;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.PublicSite;
using CloneHub.Provisioning.WordPress.Verification;

namespace CloneHub.Provisioning.Steps;

/// <summary>Opens the public route, and visits the clone through it: only a clone that looks like its source is handed over.</summary>
internal sealed class OpenIngress(
    ICloneBackend backend, IJobVault vault, CloneInspector inspector, PublicSources published, PublicRoute route, TimeProvider clock) : ICloneStep
{
    public CloneStep Kind => CloneStep.OpenIngress;

    public async Task<StepFacts> RunAsync(
        StepToken token, CloneOrder order, IProgress<ContentProgress> progress, CancellationToken cancellation)
    {
        var secrets = await vault.RequireAsync(order.Job, cancellation);

        // Also tells the administrator's name, and repairs the account should somebody have changed it meanwhile.
        var account = await backend.ActivatePluginAsync(token, order, secrets, cancellation);
        var address = await backend.OpenRouteAsync(token, order, cancellation);
        using var part = ProvisioningTelemetry.StartPart("verify");
        var warnings = order.Fidelity is CloneFidelity.Public
            ? await VisitPublicAsync(order, secrets, address, account.Username, cancellation)
            : (await inspector.VerifyAsync(order, secrets, address, account.Username, cancellation)).Warnings;
        return new StepFacts
        {
            CloneUrl = address,
            Username = account.Username,
            PluginVersion = account.Version,
            Warnings = warnings,
            CrawlFollows = order.Fidelity is CloneFidelity.Full,
        };
    }

    private async Task<IReadOnlyList<string>> VisitPublicAsync(CloneOrder order, JobSecrets secrets, Uri address, string username, CancellationToken cancellation)
    {
        using var site = await published.ConnectAsync(order, cancellation);
        var visit = new SiteVisit(address, new SourceAddresses(site.Facts.Home.AbsoluteUri), new CloneUrls(address.AbsoluteUri, [], [], []), username, secrets.ClonePassword, CloneInspector.SeedOf(order.Job));
        return await new PublicVerifier(route.Http, site, visit, clock).VerifyAsync(cancellation);
    }
}
