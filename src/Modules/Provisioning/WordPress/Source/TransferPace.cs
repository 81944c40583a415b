namespace CloneHub.Provisioning.WordPress;

/// <summary>
/// How much one answer may hold. A site that breaks answers off gets smaller ones, down to a floor, and time in between;
/// one that answers well gets larger ones again.
/// </summary>
internal sealed class TransferPace(TimeProvider clock)
{
    public const double MostSeconds = 20;
    private const double LeastSeconds = 2;
    private const long MostBytes = 8 * 1024 * 1024;
    private const long LeastBytes = 64 * 1024;
    private const int MostFailures = 7;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(60);

    private int _failures;
    private int _successes;

    /// <summary>Seconds that any answer may take.</summary>
    public double Longest { get; init; } = MostSeconds;

    /// <summary>Seconds that the next answer may take.</summary>
    public double Seconds { get; set; } = MostSeconds;

    /// <summary>Bytes that an answer may hold; 0 while nothing speaks against any number.</summary>
    public long Bytes { get; set; }

    /// <summary>Something new arrived: what failed before it does not count against what comes.</summary>
    public void Advanced() => _failures = 0;

    public void Completed()
    {
        if (++_successes < 3 || (Bytes == 0 && Seconds >= Longest)) return;
        _successes = 0;
        Seconds = Math.Min(Longest, Seconds * 2);
        Bytes = Bytes >= MostBytes ? 0 : Bytes * 2;
    }

    /// <summary>Halves the next answer if this one broke off, and waits before it may be asked for.</summary>
    public async Task BrokenAsync(AnswerBrokenException trouble, CancellationToken cancellation)
    {
        _successes = 0;
        if (++_failures > MostFailures) throw SourceFaults.Unreachable(trouble);
        if (!trouble.NeverBegan)
        {
            Seconds = Math.Max(LeastSeconds, Seconds / 2);
            Bytes = Bytes == 0 ? MostBytes : Math.Max(LeastBytes, Bytes / 2);
        }

        var pause = trouble.RetryAfter ?? FirstPause * Math.Pow(2, _failures - 1);
        await Task.Delay(pause < LongestPause ? pause : LongestPause, clock, cancellation);
    }
}
