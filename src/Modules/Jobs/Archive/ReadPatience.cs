namespace CloneHub.Jobs.Archive;

/// <summary>
/// Bounds how long a reader waits for PostgreSQL. One that accepts and never answers would hold up every reader for as long as its patience
/// lasts; once one has waited in vain the next ones do not wait at all, for a moment.
/// </summary>
internal sealed class ReadPatience(TimeSpan patience, TimeProvider clock)
{
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(2);

    private long _until = long.MinValue;

    public bool IsOver => clock.GetTimestamp() < Interlocked.Read(ref _until);

    /// <summary>Throws <see cref="TimeoutException"/> without an answer in time.</summary>
    public async Task<T> AskAsync<T>(Func<Task<T>> question, CancellationToken cancellation)
    {
        if (IsOver) throw new TimeoutException("PostgreSQL has just left a question without an answer.");
        try
        {
            // Left behind, not cancelled: to cancel a query the driver asks the very server that is silent, and waits for it.
            return await question().WaitAsync(patience, clock, cancellation);
        }
        catch (TimeoutException)
        {
            Interlocked.Exchange(ref _until, clock.GetTimestamp() + (long)(Moment.TotalSeconds * clock.TimestampFrequency));
            throw;
        }
    }
}
