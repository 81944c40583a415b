using System.Data;
using CloneHub.Contracts;
using MySqlConnector;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>
/// Brings tables into the clone's database: definitions first, then rows as they come, then what depends on rows. A repeat after a crash goes
/// on with what a large database has already (<see cref="ImportCursors"/>); whatever else the database held before is dropped.
/// </summary>
internal sealed class DatabaseImport(
    MySqlDataSource database, MySqlDataSource loading, RowEncoder encoder, ImportWarnings warnings, ImportProgress progress, Func<CancellationToken, Task> ensureFence)
{
    private const int DefinitionsAtOnce = 3;

    private readonly List<string> _resumed = [];

    /// <summary>Of what besides definitions the rows are made: the addresses of both sites, and our version.</summary>
    internal string Identity { get; init; } = "";

    /// <summary>A database of fewer bytes is sooner brought again than kept account of.</summary>
    internal long LeastBytesToResume { get; init; } = 8 << 20;

    /// <summary>What of a table is lost at most when the import is cut off, if the source is not slow.</summary>
    internal long BytesPerTransaction { get; init; } = 32 << 20;

    /// <summary>Whether rows of an earlier import are among these.</summary>
    internal bool HasResumed => _resumed.Count > 0;

    /// <summary>All rows are of one moment, by one transaction at the source.</summary>
    internal bool IsSnapshot { get; private set; }

    /// <summary>The source was found to have all rows still, but for columns without a sum, after the last of them had come.</summary>
    internal bool IsCompared { get; private set; }

    /// <summary>Null if no account is kept.</summary>
    internal ImportCursors? Cursors { get; private set; }

    /// <summary>Of each table, in the order of their names; once all are there.</summary>
    internal IReadOnlyList<TableProof> Proofs { get; private set; } = [];

    /// <summary>Afterwards <see cref="Proofs"/> holds that of each table.</summary>
    internal async Task RunAsync(SourceSchema schema, ITableSource source, CancellationToken cancellation)
    {
        var plans = schema.Tables.Where(table => !table.IsView).Select(table => new TablePlan(table)).ToDictionary(plan => plan.Table.Name, StringComparer.Ordinal);
        foreach (var plan in plans.Values) TableDdl.RequireTable(plan.Table.Name, plan.Table.CreateSql);
        await ensureFence(cancellation);
        await PrepareAsync(plans, cancellation);
        var loader = new TableLoader(database, loading, encoder, source, progress, ensureFence) { Cursors = Cursors, BytesPerTransaction = BytesPerTransaction };
        var open = plans.Where(plan => plan.Value.Proof is null).ToDictionary(StringComparer.Ordinal);
        var torn = await loader.LoadAsync(open, cancellation);
        var tornAgain = torn.Count > 0 ? await LoadAgainAsync(loader, plans, torn, cancellation) : [];
        IsSnapshot = _resumed.Count == 0 && torn.Count == 0 && source.Consistency == DumpConsistency.Snapshot;
        if (!IsSnapshot) IsCompared = await new ChangedRanges(loader, source, warnings).SettleAsync(plans, cancellation);
        if (!IsSnapshot && !IsCompared)
        {
            foreach (var end in tornAgain) warnings.Add($"Table {end.Table} changed while it was copied: {end.Rows} rows were read, {end.Counted} were there afterwards.");
            foreach (var name in _resumed) warnings.Count("Copying was interrupted and went on: these tables may be in part as the source had them before", name);
        }

        await ensureFence(cancellation);
        await CreateDependentsAsync(schema, cancellation);
        foreach (var plan in plans.Values) warnings.Add(plan.Total().Warnings);
        Proofs = [.. plans.Values.Select(plan => plan.Proof!).OrderBy(proof => proof.Name, StringComparer.Ordinal)];
    }

    /// <summary>
    /// A table of which another number of rows was counted than came, changed while it was read; or since an interruption, so that rows do not fit together. It is read once
    /// more, then it is as good as the source can give it; unless it stood still meanwhile, so that the missing rows must be there.
    /// </summary>
    /// <returns>The tables that changed once more.</returns>
    private static async Task<IReadOnlyList<TableEnded>> LoadAgainAsync(
        TableLoader loader, Dictionary<string, TablePlan> plans, IReadOnlyList<TableEnded> torn, CancellationToken cancellation)
    {
        var again = await loader.LoadAgainAsync(plans, [.. torn.Select(end => end.Table)], cancellation);
        foreach (var end in again)
            if (end.Rows < end.Counted && torn.Contains(end)) throw ImportFault.Verification($"Table {end.Table}: only {end.Rows} of its {end.Counted} rows can be read on the source.");
        return again;
    }

    /// <summary>Afterwards all tables are there; those that an earlier import has brought in part or wholly, with their rows.</summary>
    private async Task PrepareAsync(Dictionary<string, TablePlan> plans, CancellationToken cancellation)
    {
        await using var connection = await ImportSession.OpenAsync(database, cancellation);
        await ImportSession.EndOthersAsync(connection, cancellation);
        var present = new Dictionary<string, bool>(StringComparer.Ordinal);
        await using (var command = new MySqlCommand("SHOW FULL TABLES", connection))
        await using (var reader = await command.ExecuteReaderAsync(cancellation))
            while (await reader.ReadAsync(cancellation)) present.Add(reader.GetString(0), reader.GetString(1) == "VIEW");
        if (plans.Values.Sum(plan => plan.Table.ApproximateBytes) >= LeastBytesToResume)
            Cursors = await ImportCursors.TakeAsync(connection, Identity, [.. plans.Values.Select(plan => plan.Table)], present.Keys.ToHashSet(StringComparer.Ordinal), cancellation);
        var kept = Cursors?.States ?? new Dictionary<string, TableState>();
        _resumed.AddRange(kept.Keys.Order(StringComparer.Ordinal));

        // Those would work on the rows that are still to come.
        var drops = HasResumed ? await TriggersAsync(connection, cancellation) : [];
        drops.AddRange(present.Where(table => !kept.ContainsKey(table.Key) && (table.Key != ImportCursors.Table || Cursors is null))
            .Select(table => $"DROP {(table.Value ? "VIEW" : "TABLE")} IF EXISTS {TableDdl.Quote(table.Key)}"));
        if (drops.Count > 0) await ImportSession.ExecuteAsync(connection, string.Join(';', drops), cancellation);
        foreach (var (name, state) in kept) plans[name].Resume(state);
        await CreateTablesAsync([.. plans.Values.Where(plan => !kept.ContainsKey(plan.Table.Name))], cancellation);

        // What their definitions say has to be told again.
        foreach (var name in kept.Keys) TableDdl.Table(name, plans[name].Table.CreateSql, warnings.Add);
    }

    private static async Task<List<string>> TriggersAsync(MySqlConnection connection, CancellationToken cancellation)
    {
        var drops = new List<string>();
        await using var command = new MySqlCommand("SHOW TRIGGERS", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation)) drops.Add($"DROP TRIGGER IF EXISTS {TableDdl.Quote(reader.GetString(0))}");
        return drops;
    }

    /// <summary>A definition costs the server 15 to 25 ms, most of it waiting for its disk: few round trips, several connections.</summary>
    private async Task CreateTablesAsync(IReadOnlyList<TablePlan> plans, CancellationToken cancellation)
    {
        var share = Math.Max(1, (plans.Count + DefinitionsAtOnce - 1) / DefinitionsAtOnce);
        await Parallel.ForEachAsync(
            plans.Chunk(share), new ParallelOptions { MaxDegreeOfParallelism = DefinitionsAtOnce, CancellationToken = cancellation },
            async (chunk, token) =>
            {
                await using var connection = await ImportSession.OpenAsync(database, token);
                var definitions = chunk.Select(plan => TableDdl.Table(plan.Table.Name, plan.Table.CreateSql, warnings.Add)).ToArray();
                try
                {
                    await ImportSession.ExecuteAsync(connection, string.Join(";\n", definitions), token);
                }
                catch (MySqlException) when (connection.State == ConnectionState.Open)
                {
                    // One of them was refused. Which one, and why, is found by taking them singly; those that succeeded are there already.
                    await CreateSinglyAsync(connection, chunk, definitions, token);
                }
            });
    }

    private static async Task CreateSinglyAsync(MySqlConnection connection, TablePlan[] chunk, string[] definitions, CancellationToken cancellation)
    {
        for (var i = 0; i < chunk.Length; i++)
        {
            try
            {
                await ImportSession.ExecuteAsync(connection, definitions[i], cancellation);
            }
            catch (MySqlException fault) when (fault.ErrorCode == MySqlErrorCode.TableExists)
            {
                // Made by the refused batch; nothing else fills this database.
            }
            catch (MySqlException fault) when (IsRefusal(connection, fault))
            {
                throw ImportFault.Ddl(chunk[i].Table.Name, fault);
            }
        }
    }

    /// <summary>The server understood and said no. A connection that was lost or a wait that was too long says nothing of the definition.</summary>
    private static bool IsRefusal(MySqlConnection connection, MySqlException fault) => connection.State == ConnectionState.Open && !MariaDbFaults.IsOurs(fault);

    /// <summary>Views may build on each other in any order: rounds, until one brings nothing further.</summary>
    private async Task CreateDependentsAsync(SourceSchema schema, CancellationToken cancellation)
    {
        var open = schema.Tables.Where(table => table.IsView).Select(view => (Kind: "View", view.Name, view.CreateSql))
            .Concat(schema.Triggers.Select(trigger => (Kind: "Trigger", trigger.Name, trigger.CreateSql))).ToList();
        if (open.Count == 0) return;
        await using var connection = await ImportSession.OpenAsync(database, cancellation);
        while (open.Count > 0)
        {
            var failed = new List<(string Kind, string Name, string CreateSql)>();
            var reasons = new List<string>();
            foreach (var item in open)
            {
                try
                {
                    await ImportSession.ExecuteAsync(connection, TableDdl.Dependent(item.Name, item.CreateSql, warnings.Add), cancellation);
                }
                catch (MySqlException fault) when (IsRefusal(connection, fault))
                {
                    failed.Add(item);
                    reasons.Add($"{item.Kind} {item.Name} was left out: {fault.Message}");
                }
            }

            if (failed.Count == open.Count) reasons.ForEach(warnings.Add);
            open = failed.Count == open.Count ? [] : failed;
        }
    }
}
