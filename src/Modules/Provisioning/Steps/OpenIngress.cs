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

        var username = await AdministratorAsync(token, order, secrets, cancellation);
        var address = await backend.OpenRouteAsync(token, order, cancellation);
        using var part = ProvisioningTelemetry.StartPart("verify");
        var warnings = order.Fidelity is CloneFidelity.Public
            ? await VisitPublicAsync(order, secrets, address, username, cancellation)
            : (await inspector.VerifyAsync(order, secrets, address, username, cancellation)).Warnings;
        return new StepFacts { CloneUrl = address, Username = username, Warnings = warnings, CrawlFollows = order.Fidelity is CloneFidelity.Full };
    }

    /// <summary>Log-in name of the administrator. Once the route may have been open somebody may have changed the account, and it is repaired.</summary>
    private async Task<string> AdministratorAsync(StepToken token, CloneOrder order, JobSecrets secrets, CancellationToken cancellation) =>
        token.Attempt == 1 && order.Username is { } known ? known : (await backend.ActivatePluginAsync(token, order, secrets, cancellation)).Username;

    private async Task<IReadOnlyList<string>> VisitPublicAsync(CloneOrder order, JobSecrets secrets, Uri address, string username, CancellationToken cancellation)
    {
        using var site = await published.ConnectAsync(order, cancellation);
        var visit = new SiteVisit(address, new SourceAddresses(site.Facts.Home.AbsoluteUri), new CloneUrls(address.AbsoluteUri, [], [], []), username, secrets.ClonePassword, CloneInspector.SeedOf(order.Job));
        return await new PublicVerifier(route.Http, site, visit, clock).VerifyAsync(cancellation);
    }
}
