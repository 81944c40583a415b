using System.Text.Json.Serialization;
using CloneHub.Contracts;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>A table of which so many rows are in the clone's database: see <see cref="TablePlan.Save"/>.</summary>
/// <param name="SourceSums">Sums of the values as the source sent them, of each column and then of the rows.</param>
/// <param name="CloneSums">The same of the values as they went to the clone.</param>
/// <param name="SettledSums">The same of rows that do not change by themselves; null if the table has no others.</param>
/// <param name="Proof">Null until all of the table was read back and compared.</param>
internal sealed record TableState(
    long Rows, long Rewritten, long? LastKey, Int128[] SourceSums, Int128[] CloneSums, long SettledRows, Int128[]? SettledSums,
    IReadOnlyDictionary<string, IReadOnlyDictionary<string, int>> Warnings, TableProof? Proof)
{
    /// <summary>Of the last row, by which the source goes on: see <see cref="DumpPosition"/>.</summary>
    public IReadOnlyList<byte[]> After { get; init; } = [];
}

[JsonSerializable(typeof(TableState))]
internal sealed partial class TableStateJson : JsonSerializerContext;
