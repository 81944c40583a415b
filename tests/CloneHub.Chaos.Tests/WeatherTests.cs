namespace CloneHub.Chaos.Tests;

public sealed class WeatherTests
{
    [Fact]
    public void The_same_seed_brings_the_same_weather()
    {
        var length = TimeSpan.FromMinutes(5);

        Assert.Equal(Weather.Of(42, length, nodes: 3), Weather.Of(42, length, nodes: 3));
        Assert.NotEqual(Weather.Of(42, length, nodes: 3), Weather.Of(43, length, nodes: 3));
    }

    [Fact]
    public void One_fault_comes_after_the_other_and_all_within_the_time()
    {
        var length = TimeSpan.FromMinutes(5);
        var gusts = Weather.Of(42, length, nodes: 3);

        Assert.All(gusts.Zip(gusts.Skip(1)), pair => Assert.True(pair.First.At + pair.First.Lasts < pair.Second.At));
        Assert.True(gusts[^1].At + gusts[^1].Lasts <= length);
        Assert.True(gusts.Count > 30);
    }
}
