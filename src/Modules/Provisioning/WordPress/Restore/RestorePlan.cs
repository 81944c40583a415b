namespace CloneHub.Provisioning.WordPress.Restore;

/// <summary>What a restore would do, in words and numbers for the owner of the site.</summary>
/// <param name="Tables">Tables that the site gets.</param>
/// <param name="KeptTables">Tables that stay as they are.</param>
/// <param name="Files">Files that differ, or that only the clone has; generated ones may turn out to be the same.</param>
/// <param name="Warnings">What will not fit together.</param>
/// <param name="Obstacles">Why it cannot be done; none if it can.</param>
internal sealed record RestorePlan(
    IReadOnlyList<string> Tables, IReadOnlyList<string> KeptTables, int Files, long Bytes, IReadOnlyList<string> Warnings, IReadOnlyList<string> Obstacles);

/// <summary>What was brought.</summary>
internal sealed record StagedContent(long Rows, long Files, long Bytes, IReadOnlyList<string> Warnings);
