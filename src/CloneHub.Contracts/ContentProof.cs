using System.Text.Json.Serialization;

namespace CloneHub.Contracts;

/// <summary>
/// What was compared after a copy, so that anybody can compare it again. How each sum is made is written in docs/fidelity.md; source and clone
/// differ where addresses were rewritten, and only there.
/// </summary>
/// <param name="Tables">By name; <see cref="MostTables"/> at most.</param>
/// <param name="IsSnapshot">All rows of the source are of one moment, by one transaction. False: of several transactions.</param>
/// <param name="IsCompared">The rows are of several transactions, and the source was found to have the same ones still after the last had come. Columns without a sum have no part in that.</param>
public sealed record ContentProof(
    SiteVersions Source, IReadOnlyList<TableProof> Tables, FilesProof Files, bool IsSnapshot, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool IsCompared = false)
{
    /// <summary>A site with more tables keeps the proof of those that come first by name: the job's log is no place for more.</summary>
    public const int MostTables = 1_000;
}

/// <summary>What ran on the source when it was copied.</summary>
public sealed record SiteVersions(string WordPress, string Php, string Database);

/// <param name="Compared">How many of its columns have a sum. Those whose text differs between servers (floating point, geometry) have none.</param>
/// <param name="Rewritten">Values in which addresses of the source became the clone's.</param>
/// <param name="SourceSum">Of the values as the source sent them: SHA-256 in lower-case hex.</param>
/// <param name="CloneSum">Of the values as the clone's database gave them back.</param>
/// <param name="SettledSum">As the source's, of those rows only that do not change by themselves; null if the table has no others.</param>
/// <param name="LastKey">The greatest number by which a row is found at the source; null if rows are found otherwise, or if there is none.</param>
public sealed record TableProof(
    string Name, long Rows, int Columns, int Compared, long Rewritten, string SourceSum, string CloneSum, string? SettledSum = null, long? LastKey = null);

/// <param name="Rewritten">Files in which addresses of the source became the clone's.</param>
/// <param name="SourceSum">Of the files as the source has them: SHA-256 in lower-case hex.</param>
/// <param name="CloneSum">Of the files as they were read back from the clone.</param>
public sealed record FilesProof(long Files, long Bytes, long Rewritten, string SourceSum, string CloneSum);
