using CloneHub.Contracts;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>
/// Rows that did not come in one transaction may have changed since, behind what was read. The source sums them once more, range by range of their keys, and
/// what differs is brought again, until nothing does.
/// </summary>
/// <remarks>The same way MySQL's replicas are compared and mended: pt-table-checksum and pt-table-sync of Percona Toolkit.</remarks>
internal sealed class ChangedRanges(TableLoader loader, ITableSource source, ImportWarnings warnings)
{
    /// <summary>A site that is written to all the time is not read for ever.</summary>
    private const int MostRounds = 3;

    /// <summary>Why, of each table that the source cannot sum.</summary>
    private readonly Dictionary<string, string> _troubles = new(StringComparer.Ordinal);

    /// <param name="plans">Of tables that are there and were compared with what was sent; as they are afterwards.</param>
    /// <returns>Whether the source was found to have all rows still, after the last of them had come. If not, the warnings tell of which tables that is not so.</returns>
    public async Task<bool> SettleAsync(Dictionary<string, TablePlan> plans, CancellationToken cancellation)
    {
        if (!source.MakesSums)
        {
            warnings.Add("The connector at the source is of an earlier version: rows that changed while they were copied were not looked for.");
            return false;
        }

        var changed = await FindAsync(plans, cancellation);
        for (var round = 1; changed.Count > 0 && round <= MostRounds; round++)
        {
            await BringAsync(plans, changed, cancellation);
            changed = await FindAsync(plans, cancellation);
        }

        foreach (var name in changed.Keys) warnings.Count("Tables that changed each time they were read; their rows may not fit together", name);
        foreach (var (name, why) in _troubles) warnings.Count("Tables that the source could not sum, so that rows which changed meanwhile were not looked for", $"{name} ({why})");
        return changed.Count == 0 && _troubles.Count == 0;
    }

    /// <returns>The ranges that differ, by table. One that cannot be summed is not asked for again.</returns>
    private async Task<Dictionary<string, List<int>>> FindAsync(Dictionary<string, TablePlan> plans, CancellationToken cancellation)
    {
        using var part = ProvisioningTelemetry.StartPart("compare with source");
        var open = plans.Values.Where(plan => !_troubles.ContainsKey(plan.Table.Name)).ToDictionary(plan => plan.Table.Name, plan => plan.Ranges, StringComparer.Ordinal);
        var changed = new Dictionary<string, List<int>>(StringComparer.Ordinal);
        try
        {
            await foreach (var now in source.SumsAsync([.. open.Keys.Select(name => Request(plans[name]))], cancellation))
            {
                if (now.Trouble is not null) _troubles[now.Table] = now.Trouble;
                else if (!open[now.Table][now.Range].IsSame(now)) Add(now);
                if (now.Trouble is not null || now.Range == open[now.Table].Count - 1) open.Remove(now.Table);
            }
        }
        catch (StepFaultException fault)
        {
            // All rows are there. A host that ends every answer to this is no reason to be without a clone; one that is gone for good shows by what comes next.
            foreach (var name in open.Keys) _troubles[name] = fault.Message;
        }

        return changed;

        void Add(RangeSum now)
        {
            if (!changed.TryGetValue(now.Table, out var ranges)) changed[now.Table] = ranges = [];
            ranges.Add(now.Range);
        }
    }

    private async Task BringAsync(Dictionary<string, TablePlan> plans, Dictionary<string, List<int>> changed, CancellationToken cancellation)
    {
        using var part = ProvisioningTelemetry.StartPart("copy changed rows");
        var (pieces, whole) = (changed.Where(table => loader.CanReplace(plans[table.Key])).ToList(), changed.Keys.Where(name => !loader.CanReplace(plans[name])));
        var wrong = await loader.ReplaceAsync([.. pieces.SelectMany(table => table.Value.Select(range => new TableRange(plans[table.Key], range)))], cancellation);
        var again = whole.Concat(wrong).ToArray();
        if (again.Length > 0) await loader.LoadAgainAsync(plans, again, cancellation);
    }

    /// <summary>Asks for the sums of what a table had so far.</summary>
    internal static SumsRequest Request(TablePlan plan) => new(
        plan.Table.Name, [.. plan.Columns.Where(column => column.IsCompared).Select(column => column.Column.Name)], TablePlan.NumberKey(plan.Table), [.. plan.Ranges.Select(range => range.Until)]);
}
