using CloneHub.Jobs.GetJobStatus;
using Microsoft.Extensions.Time.Testing;

namespace CloneHub.Jobs.Tests.Follow;

/// <summary>When a job will probably be done.</summary>
public sealed class CompletionForecastTests
{
    private readonly FakeTimeProvider _clock = new(Given.T0);
    private readonly CompletionForecast _forecast;

    public CompletionForecastTests() => _forecast = new CompletionForecast(slots: 2, _clock);

    [Fact]
    public void Who_has_seen_no_job_foretells_none() => Assert.Null(_forecast.Of(Given.AJobIn(Stage.Requested).Job, 1));

    [Fact]
    public void A_job_that_waits_counts_those_before_it_and_the_slots()
    {
        Learn(10, 20, 60);

        Assert.Equal(20, Seconds(Stage.Requested, position: null));
        Assert.Equal(20 + 10, Seconds(Stage.Requested, position: 1));
        Assert.Equal(20 + 40, Seconds(Stage.Requested, position: 4));
    }

    [Theory]
    [InlineData(0, 20)]
    [InlineData(5, 15)]
    [InlineData(19, 41)]
    [InlineData(20, 40)]
    [InlineData(59.5, 1)]
    public void A_job_that_runs_is_compared_with_those_that_took_longer_than_it_has(double elapsed, double left)
    {
        Learn(10, 20, 60);
        _clock.Advance(TimeSpan.FromSeconds(elapsed));

        Assert.Equal(left, Seconds(Stage.PodReady));
    }

    [Fact]
    public void Of_a_job_that_takes_longer_than_any_nothing_is_foretold()
    {
        Learn(10, 20, 60);
        _clock.Advance(TimeSpan.FromSeconds(60));

        Assert.Null(Seconds(Stage.PodReady));
    }

    [Theory]
    [InlineData(Stage.Serving)]
    [InlineData(Stage.Failed)]
    [InlineData(Stage.Removing)]
    [InlineData(Stage.Cancelled)]
    public void What_builds_no_more_has_nothing_to_complete(Stage stage)
    {
        Learn(10, 20, 60);

        Assert.Null(Seconds(stage));
    }

    [Fact]
    public void Only_the_last_jobs_count()
    {
        Learn([.. Enumerable.Repeat(1000.0, 32)]);
        Learn([.. Enumerable.Repeat(5.0, 32)]);

        Assert.Equal(5, Seconds(Stage.Requested, position: null));
    }

    private void Learn(params double[] seconds)
    {
        foreach (var took in seconds)
            _forecast.Learn(Given.AJobIn(Stage.Serving).Job with { StartedAt = Given.T0, CompletedAt = Given.T0.AddSeconds(took) });
    }

    private double? Seconds(Stage stage, int? position = null) => (_forecast.Of(Given.AJobIn(stage).Job, position) - _clock.GetUtcNow())?.TotalSeconds;
}
