using System.Collections.Concurrent;
using CloneHub.Contracts;
using MySqlConnector;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>Reads tables, or ranges of them, at the source into tables that are there, and compares what has arrived with what was sent.</summary>
internal sealed class TableLoader(
    MySqlDataSource database, MySqlDataSource loading, RowEncoder encoder, ITableSource source, ImportProgress progress, Func<CancellationToken, Task> ensureFence)
{
    /// <summary>Tables whose last rows, commit and comparison are still under way while the next one is read.</summary>
    private const int TablesAtOnce = 3;

    /// <summary>Null if no account is kept.</summary>
    internal ImportCursors? Cursors { get; init; }

    internal required long BytesPerTransaction { get; init; }

    /// <returns>The tables that changed while they were read.</returns>
    /// <param name="isAgain">What is torn stays so.</param>
    internal async Task<IReadOnlyList<TableEnded>> LoadAsync(Dictionary<string, TablePlan> plans, CancellationToken cancellation, bool isAgain = false)
    {
        using var abort = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        progress.Expect(plans.Values.Sum(plan => plan.Table.ApproximateBytes));
        var finishing = new List<Task>();
        var torn = new ConcurrentDictionary<string, TableEnded>(StringComparer.Ordinal);
        var ended = new Dictionary<string, TableEnded>(StringComparer.Ordinal);
        TableLoad? load = null;
        try
        {
            await foreach (var item in source.DumpAsync([.. plans.Values.Select(plan => plan.Table.ToDumpRequest() with { From = plan.From })], cancellation))
            {
                var plan = plans.GetValueOrDefault(item.Table) ?? throw ImportFault.Refused($"The source sent a table that was not asked for: {item.Table}.");
                switch (item)
                {
                    case TableStarted:
                        await ensureFence(cancellation);
                        load = new TableLoad(loading, plan, Cursors, BytesPerTransaction, ensureFence, abort.Token);
                        break;
                    case TableRows rows when load is not null:
                        await load.WriteAsync(encoder, rows);
                        progress.Advance(rows.Batch.Length, "Copying tables", ended.Count + 1, plans.Count);
                        break;
                    case TableEnded end when load is not null:
                        ended.Add(end.Table, Checked(end, plan));
                        if (end.IsTorn) torn[end.Table] = end;
                        finishing.Add(FinishAsync(load, plan, end));
                        load = null;
                        await MakeRoomAsync(finishing);
                        break;
                    default:
                        throw ImportFault.Refused($"The source sent rows of {item.Table} outside of a table.");
                }
            }

            await Task.WhenAll(finishing);
        }
        catch (Exception reason)
        {
            await AbandonAsync(load, finishing, abort, reason);
            throw;
        }

        var missing = plans.Keys.Except(ended.Keys).ToArray();
        if (missing.Length > 0) throw ImportFault.Verification($"The source did not send {string.Join(", ", missing.Take(5))}.");
        return [.. torn.Values];

        async Task FinishAsync(TableLoad table, TablePlan plan, TableEnded end)
        {
            if (end.IsTorn && !isAgain)
            {
                await table.LeaveAsync();
                return;
            }

            try
            {
                await table.FinishAsync();
            }
            catch (StepFaultException fault) when (fault.Fault.Code == ImportFault.VerifyFailed && plan.From is not null)
            {
                torn[end.Table] = end;
            }
        }
    }

    /// <summary>Empties tables and reads them once more.</summary>
    /// <param name="plans">Has new ones of those tables afterwards.</param>
    /// <returns>The tables that changed while they were read.</returns>
    internal async Task<IReadOnlyList<TableEnded>> LoadAgainAsync(Dictionary<string, TablePlan> plans, IReadOnlyCollection<string> names, CancellationToken cancellation)
    {
        foreach (var name in names) plans[name] = new TablePlan(plans[name].Table);
        await ensureFence(cancellation);
        await using (var connection = await ImportSession.OpenAsync(database, cancellation))
        {
            if (Cursors is not null) await Cursors.ForgetAsync(connection, names, cancellation);
            await ImportSession.ExecuteAsync(connection, string.Join(';', names.Select(name => $"TRUNCATE TABLE {TableDdl.Quote(name)}")), cancellation);
        }

        return await LoadAsync(names.ToDictionary(name => name, name => plans[name], StringComparer.Ordinal), cancellation, isAgain: true);
    }

    /// <summary>Whether some of a table's rows can be read once more without the others.</summary>
    internal bool CanReplace(TablePlan plan) => Cursors is not null && plan.IsTransactional && plan.Ranges.Count > 1;

    /// <summary>Reads ranges once more, each of which takes the place of what is there in one transaction.</summary>
    /// <returns>Tables that are not as they were sent afterwards: a row has taken over what is another's in the rest of the table.</returns>
    internal async Task<IReadOnlyList<string>> ReplaceAsync(IReadOnlyList<(TablePlan Table, int Range)> places, CancellationToken cancellation)
    {
        if (places.Count == 0) return [];
        progress.Expect(places.Sum(place => place.Table.Table.ApproximateBytes / place.Table.Ranges.Count));
        var requests = places.Select(place => place.Table.Table.ToDumpRequest() with { Range = place.Table.KeysOf(place.Range) }).ToArray();
        var ended = 0;
        (TablePlan Rows, TableLoad Load)? open = null;
        try
        {
            await foreach (var item in source.DumpAsync(requests, cancellation))
            {
                switch (item)
                {
                    case TableStarted when open is null:
                        await ensureFence(cancellation);
                        var plan = new TablePlan(places[ended].Table.Table);
                        open = (plan, new TableLoad(loading, plan, Cursors, BytesPerTransaction, ensureFence, cancellation) { Replaced = places[ended] });
                        break;
                    case TableRows rows when open is { } there:
                        await there.Load.WriteAsync(encoder, rows);
                        progress.Advance(rows.Batch.Length, "Copying changed rows", ended + 1, places.Count);
                        break;
                    case TableEnded end when open is { } there:
                        Checked(end, there.Rows);
                        await there.Load.LeaveAsync();
                        open = null;
                        ended++;
                        break;
                    default:
                        throw ImportFault.Refused($"The source sent rows of {item.Table} outside of a table.");
                }
            }
        }
        catch (Exception reason)
        {
            if (open is { } there) await there.Load.AbandonAsync(reason);
            throw;
        }

        if (ended < places.Count) throw ImportFault.Verification($"The source did not send {places[ended].Table.Table.Name}.");
        return await CheckAsync([.. places.Select(place => place.Table).Distinct()], cancellation);
    }

    private async Task<IReadOnlyList<string>> CheckAsync(IReadOnlyList<TablePlan> plans, CancellationToken cancellation)
    {
        var wrong = new List<string>();
        foreach (var plan in plans)
        {
            try
            {
                await TableLoad.CheckAsync(loading, plan, Cursors, cancellation);
            }
            catch (StepFaultException fault) when (fault.Fault.Code == ImportFault.VerifyFailed)
            {
                wrong.Add(plan.Table.Name);
            }
        }

        return wrong;
    }

    private static TableEnded Checked(TableEnded end, TablePlan plan)
    {
        if (end.Rows != plan.Rows) throw ImportFault.Verification($"Table {end.Table}: {plan.Rows} of {end.Rows} rows arrived.");
        if (end.Counted is null) plan.Warnings.Count("Tables whose rows the source could not count in time", end.Table);
        return end;
    }

    private static async Task AbandonAsync(TableLoad? load, List<Task> finishing, CancellationTokenSource abort, Exception reason)
    {
        if (load is not null) await load.AbandonAsync(reason);
        await abort.CancelAsync();
        await Task.WhenAll(finishing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static async Task MakeRoomAsync(List<Task> finishing)
    {
        while (finishing.Count >= TablesAtOnce)
        {
            var done = await Task.WhenAny(finishing);
            finishing.Remove(done);
            await done;
        }
    }
}
