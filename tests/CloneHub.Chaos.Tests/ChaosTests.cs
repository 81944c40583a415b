namespace CloneHub.Chaos.Tests;

/// <summary>A short storm whose seed is fixed: each kind of fault at least once.</summary>
[Trait("Needs", "servers")]
[Collection("chaos")]
public sealed class ChaosTests
{
    [Fact]
    public async Task After_a_storm_nothing_is_lost_doubled_or_left()
    {
        var options = new ChaosOptions { Seed = 3976, Length = TimeSpan.FromSeconds(75), Nodes = 3, JobsAtOnce = 12 };
        Assert.Equal(Enum.GetValues<Blow>().Where(blow => blow is not Blow.KillMariaDb), Weather.Of(options.Seed, options.Length, options.Nodes).Select(gust => gust.Blow).Distinct().Order());

        var verdict = await ChaosRun.RunAsync(options, new Progress<string>(), CancellationToken.None);

        Assert.True(verdict.Holds, verdict.ToString());
        Assert.True(verdict.Jobs > 20, $"Only {verdict.Jobs} jobs were in the storm.");
    }
}
