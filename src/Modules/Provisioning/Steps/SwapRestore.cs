using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.Restore;
using Microsoft.Extensions.Logging;

namespace CloneHub.Provisioning.Steps;

/// <summary>Has the site change places with what was staged, and looks at it afterwards. The job's key is enough.</summary>
internal sealed partial class SwapRestore(IJobVault vault, RestoreSites sites, ILogger<SwapRestore> logger) : ICloneStep
{
    public CloneStep Kind => CloneStep.SwapRestore;

    public async Task<StepFacts> RunAsync(StepToken token, CloneOrder order, IProgress<ContentProgress> progress, CancellationToken cancellation)
    {
        var secrets = await vault.RequireAsync(order.Job, cancellation);
        await using var target = await sites.FindTargetAsync(token, order, secrets, cancellation) ?? throw RestoreFaults.Gone();
        using var visitor = sites.Visitor();
        var turn = new SiteTurn(target, RestoreSites.RulesOf(order), visitor);
        progress.Report(new ContentProgress(0, "Changing places"));
        var swapped = await turn.SwapAsync(order.Restore!.Snapshot, cancellation, overwrites: order.Restore.OnDrift == OnDrift.Overwrite);
        int? held = swapped.Milliseconds > 0 ? swapped.Milliseconds : null;
        progress.Report(new ContentProgress(0.8, "Noting what the site has now"));
        var tables = await TryAsync<IReadOnlyList<TableMark>>(async () => await turn.MarkAsync(order.Restore.IsMarked, cancellation), token.Job);
        var late = await TryAsync(() => turn.LateAsync(cancellation), token.Job);
        return new StepFacts { Swap = new SwapFacts(tables ?? [], held), Warnings = [.. Warnings(tables is not null, late)] };
    }

    private static IEnumerable<string> Warnings(bool isNoted, IReadOnlyList<string>? late)
    {
        if (!isNoted) yield return "What the site has now could not be noted: a later restore from this clone cannot tell what the site has earned.";
        if (late is null) yield return "It could not be told whether something came to the site right before places changed; if so, it is in the old content, which a rollback brings back.";
        if (late is { Count: > 0 }) yield return $"Right before places changed something came to the site, in {RestoreFaults.Named(late)}. It is in the old content, which a rollback brings back.";
    }

    /// <summary>The site has its new content; that something about it cannot be noted is no reason to say otherwise.</summary>
    private async Task<T?> TryAsync<T>(Func<Task<T?>> look, JobId job) where T : class
    {
        try
        {
            return await look();
        }
        catch (StepFaultException trouble)
        {
            Log.NotMarked(logger, trouble, job);
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2016, LogLevel.Warning, "{JobId}: the site's tables could not be marked after a restore")]
        public static partial void NotMarked(ILogger logger, Exception trouble, JobId jobId);
    }
}
