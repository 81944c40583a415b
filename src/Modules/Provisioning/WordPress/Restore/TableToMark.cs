using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress.Import;
using TablePlan = CloneHub.Provisioning.WordPress.Import.TablePlan;

namespace CloneHub.Provisioning.WordPress.Restore;

/// <summary>One table of a site, and what is to be found out about it.</summary>
/// <param name="Skipped">Rows that do not count.</param>
/// <param name="After">Rows with a greater key are new; null if nobody asks for new ones.</param>
/// <param name="By">A column by whose values new rows are told apart.</param>
internal sealed record TableToMark(SourceTable Table, IReadOnlyList<VolatileRows> Skipped, long? After = null, string? By = null)
{
    public string Name => Table.Name;

    /// <summary>Number of the table that lies beside the site and is to take this one's place, if it is that which is looked at.</summary>
    public int? Staged { get; init; }

    /// <summary>The same of the one that was laid aside when places changed.</summary>
    public int? LaidAside { get; init; }

    public ColumnPlan[] Columns { get; } = Skipped.Count > 0 ? VolatileRows.Settle(new TablePlan(Table).Columns) : new TablePlan(Table).Columns;

    /// <summary>Without the rows that change by themselves.</summary>
    public static TableToMark Settled(SourceTable table) => new(table, VolatileRows.Of(table));
}

/// <summary>What was found out.</summary>
/// <param name="Rows">Of all, those that do not count included.</param>
/// <param name="Sums">Number of the rows that count, a sum of each column and one of the rows.</param>
/// <param name="Added">New rows by kind; null where they cannot be told from others.</param>
internal sealed record MarkedTable(TableToMark Table, long Rows, long? LastKey, IReadOnlyList<decimal> Sums, IReadOnlyDictionary<string, long>? Added)
{
    public TableMark Mark { get; } = new(Table.Name, Rows, SumOf(Table, Sums), LastKey);

    private static string SumOf(TableToMark table, IReadOnlyList<decimal> sums)
    {
        var digest = ValueSums.Digest(table.Columns, (long)sums[0], [.. sums.Skip(1).Select(sum => (Int128)sum)], (Int128)sums[^1]);
        return table.Skipped.Count > 0 ? TableMark.Settled + digest : digest;
    }
}
