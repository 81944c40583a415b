using System.Numerics;

namespace CloneHub.Jobs.Reporting;

/// <summary>
/// How often which duration occurred, so that percentiles of days can be added up to percentiles of a year. Buckets grow with the
/// duration, 64 to each doubling: up to 128 ms every percentile is exact, above it is off by at most 1 in 128 (0.8 %).
/// Counted in whole numbers only, so that the same durations give the same histogram on every machine and in every order.
/// </summary>
internal sealed class DurationHistogram
{
    private const int SubBuckets = 64;
    private const int SubBits = 6;

    /// <summary>Count by number of the bucket; empty buckets are absent.</summary>
    public SortedDictionary<int, long> Buckets { get; init; } = [];

    public long Count() => Buckets.Values.Sum();

    /// <summary>A clock that was set back may make a duration negative: it counts as none.</summary>
    public void Add(TimeSpan duration)
    {
        var bucket = BucketOf(Math.Max(0, (long)duration.TotalMilliseconds));
        Buckets[bucket] = Buckets.GetValueOrDefault(bucket) + 1;
    }

    public void Add(DurationHistogram other)
    {
        foreach (var (bucket, count) in other.Buckets) Buckets[bucket] = Buckets.GetValueOrDefault(bucket) + count;
    }

    public static DurationHistogram SumOf(IEnumerable<DurationHistogram> parts)
    {
        var sum = new DurationHistogram();
        foreach (var part in parts) sum.Add(part);
        return sum;
    }

    /// <summary>In milliseconds, by nearest rank; null if nothing was counted.</summary>
    public long? Percentile(int percent)
    {
        var count = Count();
        if (count == 0) return null;
        var rank = Math.Max(1, (count * percent + 99) / 100);
        foreach (var (bucket, there) in Buckets)
        {
            rank -= there;
            if (rank <= 0) return MiddleOf(bucket);
        }

        return null;
    }

    private static int BucketOf(long milliseconds)
    {
        var shift = Math.Max(0, BitOperations.Log2((ulong)milliseconds) - SubBits);
        return (shift * SubBuckets) + (int)(milliseconds >> shift);
    }

    private static long MiddleOf(int bucket)
    {
        var shift = Math.Max(0, (bucket / SubBuckets) - 1);
        var lowest = (long)(bucket - (shift * SubBuckets)) << shift;
        return lowest + ((1L << shift) / 2);
    }
}
