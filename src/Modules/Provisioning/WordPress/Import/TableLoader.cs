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

    /// <param name="isAgain">What is torn stays so.</param>
    /// <returns>The tables that changed while they were read.</returns>
    internal async Task<IReadOnlyList<TableEnded>> LoadAsync(Dictionary<string, TablePlan> plans, CancellationToken cancellation, bool isAgain = false)
    {
        using var abort = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        progress.Expect(plans.Values.Sum(plan => plan.Table.ApproximateBytes));
        var finishing = new List<Task>();
        var torn = new ConcurrentDictionary<string, TableEnded>(StringComparer.Ordinal);
        var begun = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            await ReadAsync([.. plans.Values.Select(plan => plan.Table.ToDumpRequest() with { From = plan.From })], "Copying tables", Begin, EndAsync, cancellation);
            await Task.WhenAll(finishing);
        }
        catch
        {
            await abort.CancelAsync();
            await Task.WhenAll(finishing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }

        var missing = plans.Keys.Except(begun).ToArray();
        if (missing.Length > 0) throw ImportFault.Verification($"The source did not send {string.Join(", ", missing.Take(5))}.");
        return [.. torn.Values];

        TableLoad Begin(string name)
        {
            var plan = plans.GetValueOrDefault(name) ?? throw ImportFault.Refused($"The source sent a table that was not asked for: {name}.");
            return begun.Add(name) ? new TableLoad(loading, plan, Cursors, BytesPerTransaction, ensureFence, abort.Token) : throw ImportFault.Refused($"The source sent {name} twice.");
        }

        async Task EndAsync(TableLoad load, TableEnded end)
        {
            if (end.IsTorn) torn[end.Table] = end;
            finishing.Add(FinishAsync(load, end));
            await MakeRoomAsync(finishing);
        }

        async Task FinishAsync(TableLoad load, TableEnded end)
        {
            if (end.IsTorn && !isAgain)
            {
                await load.LeaveAsync();
                return;
            }

            try
            {
                await load.FinishAsync();
            }
            catch (StepFaultException fault) when (fault.Fault.Code == ImportFault.VerifyFailed && load.Plan.From is not null)
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
    internal async Task<IReadOnlyList<string>> ReplaceAsync(IReadOnlyList<TableRange> places, CancellationToken cancellation)
    {
        if (places.Count == 0) return [];
        progress.Expect(places.Sum(place => place.Table.Table.ApproximateBytes / place.Table.Ranges.Count));
        var ended = 0;
        await ReadAsync([.. places.Select(place => place.Table.Table.ToDumpRequest() with { Range = place.Keys })], "Copying changed rows", Begin, EndAsync, cancellation);
        if (ended < places.Count) throw ImportFault.Verification($"The source did not send {places[ended].Table.Table.Name}.");
        return await CheckAsync([.. places.Select(place => place.Table).Distinct()], cancellation);

        TableLoad Begin(string name) => ended < places.Count && places[ended].Table.Table.Name == name
            ? new TableLoad(loading, new TablePlan(places[ended].Table.Table), Cursors, BytesPerTransaction, ensureFence, cancellation) { Replaced = places[ended] }
            : throw ImportFault.Refused($"The source sent a table that was not asked for: {name}.");

        async Task EndAsync(TableLoad load, TableEnded end)
        {
            await load.LeaveAsync();
            ended++;
        }
    }

    /// <summary>Reads tables one after the other, each into the load that is begun for it.</summary>
    private async Task ReadAsync(
        IReadOnlyList<DumpRequest> requests, string what, Func<string, TableLoad> begin, Func<TableLoad, TableEnded, Task> endAsync, CancellationToken cancellation)
    {
        TableLoad? load = null;
        var begun = 0;
        try
        {
            await foreach (var item in source.DumpAsync(requests, cancellation))
            {
                switch (item)
                {
                    case TableStarted when load is null:
                        await ensureFence(cancellation);
                        load = begin(item.Table);
                        begun++;
                        break;
                    case TableRows rows when load?.Plan.Table.Name == item.Table:
                        await load.WriteAsync(encoder, rows);
                        progress.Advance(rows.Batch.Length, what, begun, requests.Count);
                        break;
                    case TableEnded end when load?.Plan.Table.Name == item.Table:
                        var ended = load;
                        Check(end, ended.Plan);
                        load = null;
                        await endAsync(ended, end);
                        break;
                    default:
                        throw ImportFault.Refused($"The source sent rows of {item.Table} outside of a table.");
                }
            }

            if (load is not null) throw ImportFault.Verification($"The source did not send all of {load.Plan.Table.Name}.");
        }
        catch (Exception reason)
        {
            if (load is not null) await load.AbandonAsync(reason);
            throw;
        }
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

    private static void Check(TableEnded end, TablePlan plan)
    {
        if (end.Rows != plan.Rows) throw ImportFault.Verification($"Table {end.Table}: {plan.Rows} of {end.Rows} rows arrived.");
        if (end.Counted is null) plan.Warnings.Count("Tables whose rows the source could not count in time", end.Table);
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
