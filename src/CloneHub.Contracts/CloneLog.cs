namespace CloneHub.Contracts;

/// <summary>Reads what the PHP of clones has complained about.</summary>
public interface ICloneLogs
{
    /// <summary>The last lines, without the job's secrets and without control characters; null if there is no clone that can be asked.</summary>
    /// <param name="lines">How many at most: 1 to 1,000.</param>
    Task<CloneLog?> TailAsync(JobId job, int lines, CancellationToken cancellation);
}

/// <param name="Lines">The oldest first. Of a long line the beginning.</param>
/// <param name="IsCut">There are lines before them.</param>
public sealed record CloneLog(IReadOnlyList<string> Lines, bool IsCut);
