using System.Diagnostics;
using CloneHub.Contracts;
using CloneHub.Dev.WordPress;
using CloneHub.Provisioning.Tests.FrontDoor;
using CloneHub.Provisioning.Tests.Local;
using CloneHub.Testing;
using Xunit.Abstractions;

namespace CloneHub.Provisioning.Tests.Steps;

/// <summary>All steps without credentials, from a real site with content to a clone that serves what the site publishes.</summary>
[Trait("Needs", "servers")]
public sealed class PublicCloneTests(ServersFixture servers, ITestOutputHelper output) : IClassFixture<ServersFixture>
{
    private static readonly CloneStep[] UntilItServes =
        [CloneStep.CreateDatabase, CloneStep.StartPod, CloneStep.ImportContent, CloneStep.ActivatePlugin, CloneStep.OpenIngress];

    [Fact]
    public async Task What_a_site_publishes_is_cloned_without_credentials()
    {
        await using var site = await servers.StartSiteAsync(new SourceSiteOptions { Name = ServersFixture.Unique("p"), Content = SiteContent.Demo });
        await using var stage = await LocalStage.OpenAsync(servers);
        stage.Secrets = stage.Secrets with { SourceUsername = "", SourcePassword = new Secret("") };
        await using var door = await PublicDoor.OpenAsync(stage);
        var order = stage.NewOrder(site.Url) with { Fidelity = CloneFidelity.Public };

        var fence = 0;
        var facts = new Dictionary<CloneStep, StepFacts>();
        foreach (var step in UntilItServes) facts[step] = await RunAsync(stage, order, step, ++fence);
    }

    private async Task<StepFacts> RunAsync(LocalStage stage, CloneOrder order, CloneStep step, long fence)
    {
        var started = Stopwatch.GetTimestamp();
        var facts = await stage.Steps.Single(each => each.Kind == step).RunAsync(order.Token(step, fence), order, new Progress<ContentProgress>(), default);
        output.WriteLine($"{step}: {Stopwatch.GetElapsedTime(started).TotalMilliseconds:0} ms\n{facts.Content}\n{string.Join("\n", facts.Warnings)}");
        return facts;
    }
}
