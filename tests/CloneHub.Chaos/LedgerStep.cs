using System.Security.Cryptography;
using CloneHub.Contracts;
using CloneHub.Provisioning;
using CloneHub.Provisioning.Steps;

namespace CloneHub.Chaos;

/// <summary>A step whose effect is a line in the ledger. It takes its time, and now and then it fails as steps do.</summary>
internal sealed class LedgerStep(CloneStep kind, Ledger ledger, TimeProvider clock) : ICloneStep
{
    private const double FailsForNow = 0.05;
    private const double FailsForGood = 0.01;
    private const double ArrivesAllTheSame = 0.5;
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan LatestArrival = TimeSpan.FromSeconds(2);

    public CloneStep Kind => kind;

    public async Task<StepFacts> RunAsync(StepToken token, CloneOrder order, IProgress<ContentProgress> progress, CancellationToken cancellation)
    {
        Require(await ledger.ClaimAsync(token), token);
        progress.Report(new ContentProgress(0.5, "Writing the ledger"));
        await WorkAsync(token, cancellation);

        // It leaves nothing behind.
        if (kind is CloneStep.Crawl) return new StepFacts { Crawl = new CrawlFacts(1, 0, 0, 0, [], []) };
        if (kind is CloneStep.Remove)
        {
            Require(await ledger.RemoveAsync(token), token);
            return StepFacts.None;
        }

        var luck = Chance();
        if (luck < FailsForGood) throw Fault(retryable: false);
        Require(await ledger.MakeAsync(token, clock.GetUtcNow()), token);

        // After the effect: the next attempt finds it.
        if (luck < FailsForNow) throw Fault(retryable: true);
        return FactsOf(token.Job);
    }

    /// <summary>What has been sent when an attempt is stopped may arrive all the same, a little later.</summary>
    private async Task WorkAsync(StepToken token, CancellationToken cancellation)
    {
        try
        {
            await Task.Delay(Longest * Chance(), TimeProvider.System, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            if (kind is not (CloneStep.Remove or CloneStep.Crawl) && Chance() < ArrivesAllTheSame) _ = ArriveLateAsync(token);
            throw;
        }
    }

    private async Task ArriveLateAsync(StepToken token)
    {
        await Task.Delay(LatestArrival * Chance(), TimeProvider.System);
        await ledger.MakeAsync(token, clock.GetUtcNow());
    }

    public static StepFacts FactsOf(JobId job) => new()
    {
        Content = new ContentFacts(12, 345, 678, 9_000_000),
        PluginVersion = "1",
        Username = "administrator",
        CloneUrl = new Uri($"http://{job.Value}.localhost/"),
        CrawlFollows = true,
    };

    private static StepFaultException Fault(bool retryable) =>
        new(new StepFault(StepFault.BackendUnavailable, "The ledger is closed for a moment.", "Nothing needs to be done.", retryable));

    private static double Chance() => RandomNumberGenerator.GetInt32(1_000) / 1_000.0;

    private static void Require(bool done, StepToken token)
    {
        if (!done) throw new OvertakenException(token);
    }
}

/// <summary>What the ledger says exists, for the sweep.</summary>
internal sealed class LedgerInventory(Ledger ledger) : ICloneInventory
{
    public Task<IReadOnlyList<ExistingClone>> ListAsync(CancellationToken cancellation) => ledger.ExistingAsync();

    public async Task RemoveOrphanAsync(JobId job, CancellationToken cancellation) =>
        await ledger.SweepAsync(new StepToken(job, CloneStep.Remove, Attempt: 1, await ledger.NewestFenceAsync(job)));
}
