using System.Diagnostics;
using CloneHub.Contracts;
using CloneHub.Provisioning.FrontDoor;
using CloneHub.Provisioning.Local;
using CloneHub.Provisioning.Tests.FrontDoor;
using CloneHub.Provisioning.Tests.Local;
using CloneHub.Testing;
using Xunit.Abstractions;

namespace CloneHub.Provisioning.Tests.Steps;

/// <summary>All steps, in their order, from a real site to a clone that serves.</summary>
[Trait("Needs", "servers")]
public sealed class WholeCloneTests(SourceSiteFixture source, ITestOutputHelper output) : IClassFixture<SourceSiteFixture>
{
    private static readonly CloneStep[] UntilItServes =
        [CloneStep.CreateDatabase, CloneStep.StartPod, CloneStep.ImportContent, CloneStep.ActivatePlugin, CloneStep.OpenIngress];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_site_is_cloned_served_and_removed_whether_an_instance_is_ready_or_not(int pool)
    {
        await using var stage = await LocalStage.OpenAsync(source.Servers, pool);
        if (pool > 0) await stage.FillPoolAsync();
        stage.Secrets = stage.Secrets with { SourceUsername = source.Site.AdminUser, SourcePassword = new Secret(source.Site.AdminPassword) };
        await using var door = await PublicDoor.OpenAsync(stage);
        var order = stage.NewOrder(source.Site.Url);

        var fence = 0;
        var facts = new Dictionary<CloneStep, StepFacts>();
        foreach (var step in UntilItServes) facts[step] = await RunAsync(stage, order, step, ++fence);

        Assert.True(facts[CloneStep.ImportContent].Content!.Tables >= 12);
        Assert.True(facts[CloneStep.ImportContent].Content!.Files > 1000);
        Assert.Equal("clonehub", facts[CloneStep.ActivatePlugin].Username);
        Assert.NotEmpty(facts[CloneStep.ActivatePlugin].PluginVersion!);

        Assert.Equal(pool > 0, stage.InstanceOf(order) != order.Job);
        var address = facts[CloneStep.OpenIngress].CloneUrl!;
        await MeasureAsync(stage, address, "warm");
        await stage.Get<PhpFpm>().RestartAsync(stage.InstanceOf(order), default);
        await MeasureAsync(stage, address, "after a restart of PHP");

        await RunAsync(stage, order, CloneStep.Remove, ++fence);
        Assert.DoesNotContain(await stage.Backend.ListAsync(default), clone => clone.Job == order.Job);
    }

    private async Task<StepFacts> RunAsync(LocalStage stage, CloneOrder order, CloneStep step, long fence)
    {
        var started = Stopwatch.GetTimestamp();
        var facts = await stage.Steps.Single(each => each.Kind == step).RunAsync(order.Token(step, fence), order, new Progress<ContentProgress>(), default);
        output.WriteLine($"{step}: {Stopwatch.GetElapsedTime(started).TotalMilliseconds:0} ms {string.Join("; ", facts.Warnings)}");
        return facts;
    }

    private async Task MeasureAsync(LocalStage stage, Uri address, string when)
    {
        var started = Stopwatch.GetTimestamp();
        using var answer = await stage.Get<PublicRoute>().Http.GetAsync(address);
        var page = await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync();
        output.WriteLine($"home page, {when}: {Stopwatch.GetElapsedTime(started).TotalMilliseconds:0} ms");
        Assert.DoesNotContain(source.Site.Url.Authority, page, StringComparison.Ordinal);
    }
}
