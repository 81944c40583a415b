using CloneHub.Contracts;

namespace CloneHub.Provisioning.Steps;

/// <summary>Looks at a clone that serves and at its source once more, page by page. It changes nothing, so it needs no back end and no fence.</summary>
internal sealed class Crawl(IJobVault vault, CloneInspector inspector) : ICloneStep
{
    /// <summary>Its result is there within a minute of "completed".</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(45);

    public CloneStep Kind => CloneStep.Crawl;

    public async Task<StepFacts> RunAsync(StepToken token, CloneOrder order, IProgress<ContentProgress> progress, CancellationToken cancellation)
    {
        using var part = ProvisioningTelemetry.StartPart("crawl");
        return new StepFacts { Crawl = await inspector.CrawlAsync(order, await vault.RequireAsync(order.Job, cancellation), order.CloneUrl!, Limit, cancellation) };
    }
}
