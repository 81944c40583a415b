using CloneHub.Contracts;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>
/// Rows that did not come in one transaction may have changed since, behind what was read. The source sums them once more, range by range of their keys, and
/// what differs is brought again, until nothing does.
/// </summary>
/// <remarks>
/// Whatever is the same now as when it was read, was so in between, or was so again. So if everything is, then all rows are of the moment when the last of them had come, however
/// many transactions, and engines without any, they came from. The same way MySQL's replicas are compared and mended: pt-table-checksum and pt-table-sync of Percona Toolkit.
/// </remarks>
internal sealed class ChangedRanges(TableLoader loader, ITableSource source, ImportWarnings warnings)
{
    /// <summary>A site that is written to all the time is not read for ever.</summary>
    private const int MostRounds = 3;

    /// <returns>Whether all rows are of one moment. If not the warnings name the tables.</returns>
    /// <param name="plans">Of tables that are there and were compared with what was sent; as they are afterwards.</param>
    public async Task<bool> SettleAsync(Dictionary<string, TablePlan> plans, CancellationToken cancellation)
    {
        if (!source.MakesSums)
        {
            warnings.Add("The connector at the source is of an earlier version: rows that changed while they were copied were not looked for.");
            return false;
        }

        for (var round = 1; ; round++)
        {
            Dictionary<string, List<int>> changed;
            HashSet<string> unknown;
            try
            {
                (changed, unknown) = await FindAsync(plans, cancellation);
            }
            catch (StepFaultException fault)
            {
                // All rows are there. A host that ends every sum, or a table that is no longer there, is no reason to be without a clone.
                warnings.Add($"Rows that changed while they were copied could not be looked for: {fault.Message}");
                return false;
            }

            var isLast = round > MostRounds;
            if (changed.Count > 0 && !isLast)
            {
                await BringAsync(plans, changed, cancellation);

                // With a table that cannot be summed another round would prove nothing.
                if (unknown.Count == 0) continue;
            }

            foreach (var name in isLast ? changed.Keys.AsEnumerable() : []) warnings.Count("Tables that changed each time they were read; their rows may not fit together", name);
            foreach (var name in unknown) warnings.Count("Tables whose rows the source could not sum in time, so that changes were not looked for", name);
            return changed.Count == 0 && unknown.Count == 0;
        }
    }

    private async Task<(Dictionary<string, List<int>> Changed, HashSet<string> Unknown)> FindAsync(Dictionary<string, TablePlan> plans, CancellationToken cancellation)
    {
        using var part = ProvisioningTelemetry.StartPart("compare with source");
        var ranges = plans.ToDictionary(plan => plan.Key, plan => plan.Value.Ranges, StringComparer.Ordinal);
        var changed = new Dictionary<string, List<int>>(StringComparer.Ordinal);
        var unknown = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var now in source.SumsAsync([.. plans.Values.Select(Request)], cancellation))
        {
            if (now.Rows is null) unknown.Add(now.Table);
            else if (!ranges[now.Table][now.Range].IsSame(now)) (changed.TryGetValue(now.Table, out var found) ? found : changed[now.Table] = []).Add(now.Range);
        }

        return (changed, unknown);
    }

    private async Task BringAsync(Dictionary<string, TablePlan> plans, Dictionary<string, List<int>> changed, CancellationToken cancellation)
    {
        using var part = ProvisioningTelemetry.StartPart("copy changed rows");
        var pieces = changed.Where(table => loader.CanReplace(plans[table.Key])).SelectMany(table => table.Value.Select(range => (plans[table.Key], range)));
        var wrong = await loader.ReplaceAsync([.. pieces], cancellation);
        var whole = changed.Keys.Where(name => !loader.CanReplace(plans[name])).Concat(wrong).ToArray();
        if (whole.Length > 0) await loader.LoadAgainAsync(plans, whole, cancellation);
    }

    /// <summary>Asks for the sums of what a table had so far.</summary>
    internal static SumsRequest Request(TablePlan plan) =>
        new(plan.Table.Name, plan.Columns, TablePlan.NumberKey(plan.Table), [.. plan.Ranges.Select(range => range.Until)]);
}
