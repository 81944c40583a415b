namespace CloneHub.Jobs.GetJobStatus;

/// <summary>
/// A PostgreSQL that accepts and never answers would hold up every reader for as long as its patience lasts. Once one has waited in vain
/// the next ones do not wait at all, for a moment.
/// </summary>
internal sealed class ProjectionSilence(TimeProvider clock)
{
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(2);

    private long _until = long.MinValue;

    public bool IsSilent => clock.GetTimestamp() < Interlocked.Read(ref _until);

    public void NoteSilence() => Interlocked.Exchange(ref _until, clock.GetTimestamp() + (long)(Moment.TotalSeconds * clock.TimestampFrequency));
}
