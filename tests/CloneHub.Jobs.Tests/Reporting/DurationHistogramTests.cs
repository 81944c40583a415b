using CloneHub.Jobs.Reporting;

namespace CloneHub.Jobs.Tests.Reporting;

public sealed class DurationHistogramTests
{
    private const double StatedError = 1.0 / 128;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Percentiles_are_as_near_to_the_exact_ones_as_is_said(int seed)
    {
        var random = new Random(seed);
        var durations = Enumerable.Range(0, 20_000).Select(_ => (long)Math.Exp(random.NextDouble() * Math.Log(7_200_000))).Order().ToList();
        var histogram = Of(durations);

        Assert.Equal(durations.Count, histogram.Count());
        foreach (var percent in Enumerable.Range(1, 100))
        {
            var exact = durations[(int)Math.Ceiling(durations.Count * percent / 100.0) - 1];
            Assert.InRange(histogram.Percentile(percent)!.Value, exact * (1 - StatedError), exact * (1 + StatedError));
        }
    }

    [Fact]
    public void Short_durations_are_exact()
    {
        foreach (var milliseconds in Enumerable.Range(0, 128)) Assert.Equal(milliseconds, Of([milliseconds]).Percentile(50));
    }

    [Fact]
    public void Every_single_duration_is_as_near_as_is_said()
    {
        for (var exact = 1L; exact < TimeSpan.FromDays(10_000).TotalMilliseconds; exact = (exact * 3 / 2) + 1)
            Assert.InRange(Of([exact]).Percentile(100)!.Value, exact * (1 - StatedError), exact * (1 + StatedError));
    }

    [Fact]
    public void Days_add_up_to_what_they_would_be_together()
    {
        var (first, second) = (Of([1, 500, 90_000, 90_001]), Of([500, 3_000_000]));

        first.Add(second);

        Assert.Equal(Of([1, 500, 500, 90_000, 90_001, 3_000_000]).Buckets, first.Buckets);
    }

    [Fact]
    public void Of_nothing_there_is_no_percentile() => Assert.Null(new DurationHistogram().Percentile(50));

    [Fact]
    public void A_duration_below_none_counts_as_none()
    {
        var histogram = new DurationHistogram();

        histogram.Add(TimeSpan.FromSeconds(-3));

        Assert.Equal((1, 0), (histogram.Count(), histogram.Percentile(95)));
    }

    private static DurationHistogram Of(IEnumerable<long> milliseconds)
    {
        var histogram = new DurationHistogram();
        foreach (var duration in milliseconds) histogram.Add(TimeSpan.FromMilliseconds(duration));
        return histogram;
    }
}
