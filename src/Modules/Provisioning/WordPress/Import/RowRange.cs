using System.Text.Json.Serialization;
using CloneHub.Contracts;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>Rows of a table that follow each other, as they came: how many, and what they add up to.</summary>
/// <param name="Until">Where the range ends, a key; null for the rest of the table, whatever comes.</param>
/// <param name="LastKey">The greatest key among them; null if there is none.</param>
/// <param name="Rewritten">Values in which addresses of the source became the clone's.</param>
/// <param name="SourceSums">Sums of the values as the source sent them, of each column and then of the rows.</param>
/// <param name="CloneSums">The same of the values as they went to the clone.</param>
/// <param name="SettledSums">The same of rows that do not change by themselves; null if the table has no others.</param>
/// <param name="Squares">Of the source's rows, as <see cref="RangeSum.Sum"/> is of those that it has now.</param>
/// <param name="Warnings">What is to be told of their values: see <see cref="ImportWarnings.Save"/>.</param>
internal sealed record RowRange(
    long? Until, long? LastKey, long Rows, long Rewritten, Int128[] SourceSums, Int128[] CloneSums, long SettledRows, Int128[]? SettledSums, Int128 Squares,
    IReadOnlyDictionary<string, IReadOnlyDictionary<string, int>> Warnings)
{
    /// <summary>Both as one; the other's rows follow on these.</summary>
    public RowRange Plus(RowRange next)
    {
        var warnings = new ImportWarnings();
        warnings.Add(Warnings);
        warnings.Add(next.Warnings);
        return new RowRange(
            next.Until, next.LastKey ?? LastKey, Rows + next.Rows, Rewritten + next.Rewritten, Sum(SourceSums, next.SourceSums), Sum(CloneSums, next.CloneSums), SettledRows + next.SettledRows,
            SettledSums is { } settled && next.SettledSums is { } others ? Sum(settled, others) : null, Squares + next.Squares, warnings.Save());
    }

    /// <summary>Whether a source that sums these rows now has what it sent.</summary>
    public bool IsSame(RangeSum now) => now.Rows == Rows && now.Sum == Squares;

    private static Int128[] Sum(Int128[] one, Int128[] other) => [.. one.Zip(other, (left, right) => left + right)];
}

/// <summary>A table of which so many rows are in the clone's database: see <see cref="TablePlan.Save"/>.</summary>
/// <param name="Ranges">All rows, in the order of their keys.</param>
/// <param name="After">Of the last row, by which the source goes on: see <see cref="DumpPosition"/>.</param>
/// <param name="Proof">Null until all of the table was read back and compared.</param>
internal sealed record TableState(IReadOnlyList<RowRange> Ranges, IReadOnlyList<byte[]> After, TableProof? Proof);

[JsonSerializable(typeof(TableState))]
internal sealed partial class TableStateJson : JsonSerializerContext;
