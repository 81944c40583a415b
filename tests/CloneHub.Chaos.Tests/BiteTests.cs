using CloneHub.Chaos.Faults;

namespace CloneHub.Chaos.Tests;

/// <summary>The checks notice what is broken; <c>./clonehub.sh chaos --bite</c> shows it of every fault.</summary>
[Trait("Needs", "servers")]
[Collection("chaos")]
public sealed class BiteTests
{
    private static readonly string[] Some = ["FinishesFalsely", "ActsWithoutOrder", "ServesStaleStatus", "ForgetsItsLeases"];

    [Fact]
    public void There_are_enough_faults_and_each_says_what_it_breaks()
    {
        Assert.True(Fault.All.Count >= 20, $"There are only {Fault.All.Count} faults.");
        Assert.Equal(Fault.All.Count, Fault.All.Select(fault => fault.Name).Distinct().Count());
        Assert.All(Fault.All, fault => Assert.EndsWith(".", fault.Breaks));
    }

    [Fact]
    public async Task Where_nothing_is_broken_nothing_is_noticed()
    {
        var verdict = await Bite.RunAsync(fault: null, CancellationToken.None, isQuick: true);

        Assert.True(verdict.Holds, verdict.ToString());
        Assert.True(verdict.Jobs >= 8, $"Only {verdict.Jobs} jobs were in the run.");
    }

    [Fact]
    public async Task What_is_broken_is_noticed()
    {
        var verdicts = await Task.WhenAll(Some.Select(name => Bite.RunAsync(Fault.Named(name), CancellationToken.None, isQuick: true)));

        Assert.All(verdicts.Zip(Some), run => Assert.True(Fault.Named(run.Second).IsNoticedIn(run.First), $"{run.Second}: {run.First}"));
    }
}
