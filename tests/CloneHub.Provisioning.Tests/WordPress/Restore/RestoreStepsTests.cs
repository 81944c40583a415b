using CloneHub.Contracts;
using CloneHub.Provisioning.Steps;
using CloneHub.Provisioning.Tests.WordPress.Source;
using CloneHub.Provisioning.Tests.WordPress.Verification;
using CloneHub.Provisioning.WordPress;
using CloneHub.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Abstractions;

namespace CloneHub.Provisioning.Tests.WordPress.Restore;

/// <summary>The steps of a restore as a job orders them: each is a stranger to the one before, and has only what the job gives it.</summary>
[Trait("Needs", "servers")]
[Collection(RestoreStage.Sites)]
public sealed class RestoreStepsTests(ImportedSite sites, ITestOutputHelper output)
{
    private readonly string _title = $"Step by step as {ServersFixture.Unique("p")}";
    private readonly RestoreSites _reached = new(SourceTests.Connector, new SourceOptions { AllowLoopback = true }, TimeProvider.System);
    private JobSecrets _secrets = null!;
    private CloneOrder _order = null!;
    private long _fence;

    [Fact]
    public async Task A_site_is_restored_and_gets_back_what_it_had_step_by_step()
    {
        await BeginAsync();
        await RestoreStage.InCloneAsync(sites, $"wp_insert_post(['post_title' => '{_title}', 'post_status' => 'publish', 'post_author' => 1]);");
        await sites.Site.RunPhpAsync("wp_insert_comment(['comment_post_ID' => 1, 'comment_content' => 'Said on the site', 'comment_approved' => 1]); set_transient('a', 'b');", CancellationToken.None);

        var planned = await RunAsync(CloneStep.PlanRestore);
        var plan = planned.Plan!;
        Assert.Empty(plan.Obstacles);
        var drift = Assert.Single(plan.Drift, change => change.Table == "wp_comments");
        Assert.Equal((DriftKind.Comments, 1L, false), (drift.Kind, drift.Added, drift.Stays));
        Assert.DoesNotContain(plan.Drift, change => change.Table != "wp_comments");
        Assert.Contains(plan.Tables, table => table is { Name: "wp_users", Stays: true, Added: null });
        Assert.Contains(plan.Tables, table => table is { Name: "wp_posts", Added: 1, Removed: 0 });
        Assert.Contains(plan.Tables, table => table is { Name: "wp_comments", Added: 0, Removed: 1 });
        Assert.Contains(plan.Tables, table => table is { Name: "wp_terms", Added: 0, Changed: 0, Removed: 0 });
        Assert.Contains(plan.Extensions, theme => theme is { Kind: ExtensionKind.Theme, Name: "twentytwentyone", Stays: false, ActiveInClone: true, ActiveAfterwards: true, SiteVersion.Length: > 0 });
        _order = _order with { Restore = _order.Restore! with { Snapshot = planned.Snapshot } };

        var staged = (await RunAsync(CloneStep.StageRestore)).Staged!;
        Assert.True(staged.Rows > 100);

        await sites.Site.RunPhpAsync("wp_insert_comment(['comment_post_ID' => 1, 'comment_content' => 'Said later', 'comment_approved' => 1]);", CancellationToken.None);
        Assert.Equal(StepFault.TargetChanged, await SourceTests.FaultOf(() => RunAsync(CloneStep.SwapRestore)));
        Assert.DoesNotContain(_title, await PageAsync(), StringComparison.Ordinal);

        _order = _order with { Restore = _order.Restore! with { OnDrift = OnDrift.Overwrite } };
        Assert.Equal(StepFault.TargetChanged, await SourceTests.FaultOf(() => RunAsync(CloneStep.SwapRestore)));
        _order = _order with { Restore = _order.Restore! with { Snapshot = (await RunAsync(CloneStep.PlanRestore)).Snapshot } };
        var first = await RunAsync(CloneStep.SwapRestore);
        Assert.NotNull(first.Swap!.HeldMilliseconds);
        Assert.Empty(first.Warnings);
        Assert.Contains(_title, await PageAsync(), StringComparison.Ordinal);
        var again = await RunAsync(CloneStep.SwapRestore);
        Assert.Null(again.Swap!.HeldMilliseconds);
        Assert.Contains(again.Warnings, warning => warning.Contains("could not be told", StringComparison.Ordinal));
        string[] quiet = ["wp_posts", "wp_postmeta", "wp_comments", "wp_terms"];
        Assert.Equal(staged.Marks!.IntersectBy(quiet, mark => mark.Name), again.Swap.Tables.IntersectBy(quiet, mark => mark.Name));
        Assert.Equal(quiet.Length, staged.Marks!.Count(mark => quiet.Contains(mark.Name)));
        Assert.DoesNotContain(staged.Marks!, mark => mark.Name == "wp_options");
        _order = _order with { Restore = _order.Restore! with { IsMarked = true } };
        Assert.Equal(["wp_options"], (await RunAsync(CloneStep.SwapRestore)).Swap!.Tables.Select(mark => mark.Name));

        await RunAsync(CloneStep.RollBackRestore);
        await RunAsync(CloneStep.RollBackRestore);
        Assert.DoesNotContain(_title, await PageAsync(), StringComparison.Ordinal);

        await RunAsync(CloneStep.EndRestore);
        await RunAsync(CloneStep.EndRestore);
        Assert.Empty(Directory.GetFileSystemEntries(sites.Site.Root.FullName, "*clonehub-*", SearchOption.AllDirectories));
        Assert.True((await Assert.ThrowsAsync<StepFaultException>(() => RunAsync(CloneStep.RollBackRestore))).Fault.Retryable);
    }

    private async Task BeginAsync()
    {
        // The first visit makes WordPress note some settings.
        await PageAsync();
        await sites.ImportAsync(sites.Target);
        _secrets = SourceTests.Administrator(sites.Site) with { TargetUsername = sites.Site.AdminUser, TargetPassword = new Secret(sites.Site.AdminPassword) };
        var restore = new RestoreOrder(sites.Site.Url, Base: [.. sites.Report.Proof!.Tables.Select(TableMark.Of)]);
        _order = new CloneOrder(SourceTests.NewJob(), sites.Target.PublicUrl, "tests", null, Restore: restore);
    }

    private async Task<StepFacts> RunAsync(CloneStep kind)
    {
        var vault = new OpenVault(() => _secrets);
        ICloneStep step = kind switch
        {
            CloneStep.PlanRestore => new PlanRestore(vault, _reached),
            CloneStep.StageRestore => new StageRestore(vault, _reached),
            CloneStep.SwapRestore => new SwapRestore(vault, _reached, NullLogger<SwapRestore>.Instance),
            CloneStep.RollBackRestore => new RollBackRestore(vault, _reached),
            _ => new EndRestore(vault, _reached, TimeProvider.System),
        };
        Assert.Equal(kind, step.Kind);
        var started = TimeProvider.System.GetTimestamp();
        var facts = await step.RunAsync(_order.Token(kind, ++_fence), _order, new Progress<ContentProgress>(), CancellationToken.None);
        output.WriteLine($"{kind}: {TimeProvider.System.GetElapsedTime(started).TotalMilliseconds:0} ms {string.Join("; ", facts.Warnings)}");
        foreach (var change in facts.Plan?.Drift ?? []) output.WriteLine($"{change}");
        return facts;
    }

    private async Task<string> PageAsync()
    {
        using var visitor = new HttpClient();
        return await visitor.GetStringAsync(sites.Site.Url);
    }
}
