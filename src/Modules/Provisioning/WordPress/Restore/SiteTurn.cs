using CloneHub.Contracts;

namespace CloneHub.Provisioning.WordPress.Restore;

/// <summary>
/// Has a site change places with what lies beside it, and back. The site is wholly as it was, or wholly as it is to be, at every moment. Needs
/// nothing but the connector there.
/// </summary>
internal sealed class SiteTurn(TargetChannel target, RestoreRules rules, SourceHttp http)
{
    private const string Undone = "it was undone.";
    private string _prefix = "";

    /// <summary>What was looked at before places changed, and how it was planned for; null if another attempt has done that.</summary>
    private (IReadOnlyList<SourceTable> Tables, IReadOnlyList<TableMark> Planned)? _checked;

    /// <summary>Changes places and looks at the site. If it does not answer as before, it gets its old content again. A repeat goes on where the last attempt was.</summary>
    /// <param name="planned">What was planned for: tables as they were then. Null if that is not known.</param>
    /// <param name="overwrites">What the plan named is to be lost. What people brought after it is not even then.</param>
    public async Task<TargetState> SwapAsync(IReadOnlyList<TableMark>? planned, CancellationToken cancellation, bool overwrites = false)
    {
        var site = await target.Site.HelloAsync(cancellation);
        _prefix = site.TablePrefix;
        var probe = new SiteProbe(http, new Uri(site.HomeUrl + "/"));
        var swapped = await target.StateAsync(cancellation);
        if (swapped.State == TargetState.Staging)
        {
            var before = await probe.LookAsync(cancellation);
            var seen = planned is null ? [] : await RequireUnchangedAsync(planned, overwrites, cancellation);
            swapped = await target.SwapAsync(rules, site.TablePrefix, before, cancellation, seen);
            if (swapped.Changed is { Count: > 0 } changed) throw RestoreFaults.Changed(changed);
        }

        if (swapped.State == TargetState.Reverted) throw RestoreFaults.Probe(swapped.Refusal ?? Undone);
        Require(swapped, TargetState.Swapped);
        if (await BrokenAsync(probe, swapped.Before, cancellation) is { } fault)
        {
            await RollBackAsync(cancellation);
            throw RestoreFaults.Probe(fault);
        }

        var kept = await target.ConfirmAsync(cancellation);
        return kept.State == TargetState.Swapped ? swapped : throw RestoreFaults.Probe(kept.Refusal ?? Undone);
    }

    /// <summary>The tables that changed places, as they are now.</summary>
    /// <param name="isMarked">All but the options were marked when they were staged: visitors may have changed them since.</param>
    public async Task<IReadOnlyList<TableMark>> MarkAsync(bool isMarked, CancellationToken cancellation)
    {
        var names = (await target.StateAsync(cancellation)).Tables;
        var tables = await TablesAsync([.. names.Where(name => !isMarked || name == _prefix + "options")], cancellation);
        return await MarkAsync(tables.Select(TableToMark.Settled), cancellation);
    }

    /// <summary>
    /// What came to the site between the last look at it and the hold of its visitors. It is told by the tables that were laid aside, which nobody
    /// changes any more.
    /// </summary>
    /// <returns>Names of the site's tables; null if it cannot be told, because another attempt has changed places.</returns>
    public async Task<IReadOnlyList<string>?> LateAsync(CancellationToken cancellation)
    {
        if (_checked is not var (tables, planned)) return null;
        var places = (await target.StateAsync(cancellation)).Tables.Index().ToDictionary(place => place.Item, place => place.Index, StringComparer.Ordinal);
        var aside = tables.Where(table => places.ContainsKey(table.Name)).Select(table => TableToMark.Settled(table) with { LaidAside = places[table.Name] });
        return Changed(planned, await MarkAsync(aside, cancellation));
    }

    /// <summary>The site has its old content, again or still.</summary>
    public async Task RollBackAsync(CancellationToken cancellation)
    {
        var state = await target.RollBackAsync(cancellation);
        if (state.State == TargetState.Closed) throw RestoreFaults.UndoOver("a later restore has changed the site.");
        if (state.State is null or TargetState.Staging) return;
        Require(state, TargetState.Reverted);
        await target.TryFlushAsync(cancellation);
    }

    /// <param name="onlyWork">Only what people bring to the site is looked at.</param>
    /// <returns>What was seen, what people bring to the site first.</returns>
    private async Task<IReadOnlyList<MarkedTable>> RequireUnchangedAsync(IReadOnlyList<TableMark> planned, bool onlyWork, CancellationToken cancellation)
    {
        var there = await TablesAsync([.. planned.Select(mark => mark.Name)], cancellation);
        if (onlyWork)
        {
            there = [.. there.Where(IsWork)];
            planned = [.. planned.IntersectBy(there.Select(table => table.Name), mark => mark.Name, StringComparer.Ordinal)];
        }

        var seen = await target.MarksAsync([.. there.Select(TableToMark.Settled)], cancellation);
        var changed = Changed(planned, [.. seen.Select(table => table.Mark)]);
        if (changed.Count > 0) throw RestoreFaults.Changed(changed);
        _checked = (there, planned);

        // Settings may change with every visit; whether they have is told afterwards.
        return [.. seen.Where(table => DriftKinds.Of(table.Table.Name, table.Table.Table) != DriftKind.Settings).OrderByDescending(table => IsWork(table.Table.Table))];
    }

    private bool IsWork(SourceTable table) => DriftKinds.IsWork(table.Name.StartsWith(_prefix, StringComparison.Ordinal) ? table.Name[_prefix.Length..] : table.Name, table);

    private static List<string> Changed(IReadOnlyList<TableMark> planned, IReadOnlyList<TableMark> now)
    {
        var sums = now.ToDictionary(mark => mark.Name, mark => mark.Sum, StringComparer.Ordinal);
        return [.. planned.Where(mark => sums.GetValueOrDefault(mark.Name) != mark.Sum).Select(mark => mark.Name)];
    }

    private async Task<IReadOnlyList<SourceTable>> TablesAsync(IReadOnlyCollection<string> names, CancellationToken cancellation)
    {
        var schema = await target.Site.SchemaAsync(cancellation);
        return [.. schema.Tables.Where(table => !table.IsView && names.Contains(table.Name)).Take(ContentProof.MostTables)];
    }

    private async Task<IReadOnlyList<TableMark>> MarkAsync(IEnumerable<TableToMark> tables, CancellationToken cancellation) =>
        [.. (await target.MarksAsync([.. tables], cancellation)).Select(marked => marked.Mark)];

    private async Task<string?> BrokenAsync(SiteProbe probe, IReadOnlyList<int?> before, CancellationToken cancellation)
    {
        try
        {
            await target.TryFlushAsync(cancellation);
            return await probe.CompareAsync(before, cancellation);
        }
        catch (StepFaultException fault)
        {
            // Whatever it is that does not answer: a moment ago, with the old content, it did.
            return fault.Fault.Message;
        }
    }

    private static void Require(TargetState state, string expected)
    {
        if (state.Busy) throw RestoreFaults.InUse();
        if (state.State != expected) throw RestoreFaults.Refused(state.Refusal ?? $"it says '{state.State}'.");
    }
}
