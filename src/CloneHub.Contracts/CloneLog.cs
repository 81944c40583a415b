namespace CloneHub.Contracts;

/// <summary>What is written down about a clone while it exists.</summary>
public enum CloneLogKind
{
    /// <summary>What its PHP has complained about.</summary>
    Php,

    /// <summary>Who has asked it for what, and what it answered.</summary>
    Access,

    /// <summary>What the program that copies its content has said, where there is one beside CloneHub.</summary>
    Agent,
}

/// <summary>Reads what is written down about clones.</summary>
public interface ICloneLogs
{
    /// <summary>Whether clones here have such a log at all.</summary>
    bool Keeps(CloneLogKind kind);

    /// <summary>The last lines, without the job's secrets and without control characters; null if there is no clone that can be asked.</summary>
    /// <param name="lines">How many at most: 1 to 1,000.</param>
    Task<CloneLog?> TailAsync(JobId job, CloneLogKind kind, int lines, CancellationToken cancellation);
}

/// <param name="Lines">The oldest first. Of a long line the beginning.</param>
/// <param name="IsCut">There are lines before them.</param>
public sealed record CloneLog(IReadOnlyList<string> Lines, bool IsCut);
