using CloneHub.Contracts;

namespace CloneHub.Provisioning.WordPress.Restore;

/// <summary>
/// Has a site change places with what lies beside it, and back. The site is wholly as it was, or wholly as it is to be, at every moment. Needs
/// nothing but the connector there.
/// </summary>
internal sealed class SiteTurn(TargetChannel target, RestoreRules rules, SourceHttp http)
{
    private const string Undone = "it was undone.";

    /// <summary>Changes places and looks at the site. If it does not answer as before, it gets its old content again. A repeat goes on where the last attempt was.</summary>
    /// <param name="planned">What was planned for: tables as they were then. Null if that is not known.</param>
    /// <param name="overwrites">What the plan named is to be lost. What people brought after it is not even then.</param>
    public async Task<TargetState> SwapAsync(IReadOnlyList<TableMark>? planned, CancellationToken cancellation, bool overwrites = false)
    {
        var site = await target.Site.HelloAsync(cancellation);
        var probe = new SiteProbe(http, new Uri(site.HomeUrl + "/"));
        var swapped = await target.StateAsync(cancellation);
        if (swapped.State == TargetState.Staging)
        {
            if (planned is not null) await RequireUnchangedAsync(planned, overwrites ? site.TablePrefix : null, cancellation);
            swapped = await target.SwapAsync(rules, site.TablePrefix, await probe.LookAsync(cancellation), cancellation);
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
    public async Task<IReadOnlyList<TableMark>> MarkAsync(CancellationToken cancellation)
    {
        var names = (await target.StateAsync(cancellation)).Tables;
        return await MarkAsync(await TablesAsync(names, cancellation), cancellation);
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

    /// <param name="workOf">Prefix of a site of which only what people bring is looked at; null to look at all tables.</param>
    private async Task RequireUnchangedAsync(IReadOnlyList<TableMark> planned, string? workOf, CancellationToken cancellation)
    {
        var there = await TablesAsync([.. planned.Select(mark => mark.Name)], cancellation);
        if (workOf is not null)
        {
            there = [.. there.Where(table => DriftKinds.IsWork(table.Name.StartsWith(workOf, StringComparison.Ordinal) ? table.Name[workOf.Length..] : table.Name, table))];
            planned = [.. planned.IntersectBy(there.Select(table => table.Name), mark => mark.Name, StringComparer.Ordinal)];
        }

        var now = (await MarkAsync(there, cancellation)).ToDictionary(mark => mark.Name, mark => mark.Sum, StringComparer.Ordinal);
        var changed = planned.Where(mark => now.GetValueOrDefault(mark.Name) != mark.Sum).Select(mark => mark.Name).ToList();
        if (changed.Count > 0) throw RestoreFaults.Changed(changed);
    }

    private async Task<IReadOnlyList<SourceTable>> TablesAsync(IReadOnlyCollection<string> names, CancellationToken cancellation)
    {
        var schema = await target.Site.SchemaAsync(cancellation);
        return [.. schema.Tables.Where(table => !table.IsView && names.Contains(table.Name)).Take(ContentProof.MostTables)];
    }

    private async Task<IReadOnlyList<TableMark>> MarkAsync(IReadOnlyList<SourceTable> tables, CancellationToken cancellation) =>
        [.. (await target.MarksAsync([.. tables.Select(TableToMark.Settled)], cancellation)).Select(marked => marked.Mark)];

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
