using System.Globalization;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>One of a table's ranges, which are by its key, a column of whole numbers.</summary>
/// <param name="Range">Index in <see cref="TablePlan.Ranges"/>.</param>
internal sealed record TableRange(TablePlan Table, int Range)
{
    public KeyRange Keys => Table.KeysOf(Range);

    /// <summary>A statement that takes the rows away.</summary>
    public string Deletion
    {
        get
        {
            var key = TableDdl.Quote(Table.Table.Key[0]);
            var conditions = new List<string>();
            if (Keys.Above is { } above) conditions.Add(string.Create(CultureInfo.InvariantCulture, $"{key} > {above}"));
            if (Keys.Until is { } until) conditions.Add(string.Create(CultureInfo.InvariantCulture, $"{key} <= {until}"));
            return $"DELETE FROM {TableDdl.Quote(Table.Table.Name)} WHERE {string.Join(" AND ", conditions)}";
        }
    }
}
