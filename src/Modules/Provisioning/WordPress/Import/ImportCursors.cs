using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using MySqlConnector;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>
/// How far each table of a clone has come. It stands in the clone's own database and is written in the transaction that brings the rows, so
/// that an import that was cut off anywhere goes on after the last row that is there. Goes with the end of the import.
/// </summary>
/// <remarks>
/// Whoever takes the cursors over makes every row theirs. An earlier import that still runs finds none of its own any more, and what it
/// brings is taken back: no row comes twice.
/// </remarks>
internal sealed partial class ImportCursors
{
    /// <summary>No table of a site has such a name: WordPress allows no hyphen in a prefix.</summary>
    internal const string Table = "clonehub-import";

    private const string Quoted = $"`{Table}`";

    /// <summary>As many definitions as a statement may hold of a database with thousands of tables.</summary>
    private const int RowsAtOnce = 500;

    private readonly string _owner = Guid.NewGuid().ToString("N");
    private readonly Dictionary<string, TableState> _states = new(StringComparer.Ordinal);

    private ImportCursors()
    {
    }

    /// <summary>What an earlier import has brought of tables that are still defined as they were then.</summary>
    internal IReadOnlyDictionary<string, TableState> States => _states;

    /// <summary>Makes the cursors of these tables ours, and finds out how far they have come.</summary>
    /// <param name="identity">Of what besides the tables' definitions the rows are made; other rows are not gone on from.</param>
    /// <param name="tables">Their columns tell whether they can be gone on with: one that is found by a whole number, which no row shares and none changes. Of others only those
    /// count that are complete.</param>
    /// <param name="present">Tables that the database has.</param>
    internal static async Task<ImportCursors> TakeAsync(
        MySqlConnection connection, string identity, IReadOnlyCollection<SourceTable> tables, IReadOnlySet<string> present, CancellationToken cancellation)
    {
        var cursors = new ImportCursors();
        await ImportSession.ExecuteAsync(
            connection,
            $"CREATE TABLE IF NOT EXISTS {Quoted} (name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, owner CHAR(32) NOT NULL, definition CHAR(64) NOT NULL, state LONGTEXT) ENGINE=InnoDB;"
            + $"UPDATE {Quoted} SET owner = @owner",
            cancellation, new MySqlParameter("@owner", cursors._owner));
        var definitions = tables.ToDictionary(table => table.Name, table => DefinitionOf(identity, table), StringComparer.Ordinal);
        await using (var command = new MySqlCommand($"SELECT name, definition, state FROM {Quoted} WHERE state IS NOT NULL", connection))
        await using (var reader = await command.ExecuteReaderAsync(cancellation))
        {
            while (await reader.ReadAsync(cancellation))
            {
                var name = reader.GetString(0);
                if (!present.Contains(name) || definitions.GetValueOrDefault(name) != reader.GetString(1) || Parse(reader.GetString(2)) is not { } state) continue;
                if (state.Proof is not null || IsFoundByNumbers(tables.Single(table => table.Name == name))) cursors._states.Add(name, state);
            }
        }

        foreach (var part in definitions.Where(table => !cursors._states.ContainsKey(table.Key)).Chunk(RowsAtOnce))
        {
            var parameters = part.SelectMany((table, at) => (MySqlParameter[])[new($"@n{at}", table.Key), new($"@d{at}", table.Value)]);
            await ImportSession.ExecuteAsync(
                connection, $"REPLACE INTO {Quoted} (name, owner, definition) VALUES {string.Join(", ", part.Select((_, at) => $"(@n{at}, @owner, @d{at})"))}",
                cancellation, [.. parameters, new MySqlParameter("@owner", cursors._owner)]);
        }

        return cursors;
    }

    /// <summary>Notes how far a table has come, in the transaction that brought it there.</summary>
    internal async Task SaveAsync(MySqlTransaction transaction, TablePlan plan, CancellationToken cancellation)
    {
        var noted = await ImportSession.ExecuteAsync(
            transaction, $"UPDATE {Quoted} SET state = @state WHERE name = @name AND owner = @owner", cancellation,
            new MySqlParameter("@state", JsonSerializer.Serialize(plan.Save(), TableStateJson.Default.TableState)), new MySqlParameter("@name", plan.Table.Name), new MySqlParameter("@owner", _owner));
        if (noted == 0) throw TakenOver();
    }

    /// <summary>These tables begin anew.</summary>
    internal async Task ForgetAsync(MySqlConnection connection, IReadOnlyCollection<string> tables, CancellationToken cancellation)
    {
        var forgotten = await ImportSession.ExecuteAsync(
            connection, $"UPDATE {Quoted} SET state = NULL WHERE owner = @owner AND name IN ({string.Join(", ", tables.Select((_, at) => $"@n{at}"))})", cancellation,
            [.. tables.Select((name, at) => new MySqlParameter($"@n{at}", name)), new MySqlParameter("@owner", _owner)]);
        if (forgotten != tables.Count) throw TakenOver();
    }

    /// <summary>The clone is no longer what was read. In the transaction that changes it, so that nobody goes on from what is not there any more.</summary>
    internal async Task EndAsync(MySqlTransaction transaction, CancellationToken cancellation)
    {
        if (await ImportSession.ExecuteAsync(transaction, $"DELETE FROM {Quoted} WHERE owner = @owner", cancellation, new MySqlParameter("@owner", _owner)) == 0) throw TakenOver();
    }

    internal static Task RemoveAsync(MySqlConnection connection, CancellationToken cancellation) => ImportSession.ExecuteAsync(connection, $"DROP TABLE IF EXISTS {Quoted}", cancellation);

    private static StepFaultException TakenOver() => ImportFault.Failed("Another attempt has taken over this clone's tables.", retryable: true);

    private static TableState? Parse(string text)
    {
        try
        {
            return JsonSerializer.Deserialize(text, TableStateJson.Default.TableState) is { Ranges.Count: > 0 } state ? state : null;
        }
        catch (JsonException)
        {
            // Of another version: as if there were none.
            return null;
        }
    }

    private static bool IsFoundByNumbers(SourceTable table) => table.Key.Count > 0 && table.Key.All(key => table.Columns.Any(column => column.Name == key && TablePlan.IsWhole(column)));

    /// <summary>The next number of a table's keys is told with its definition, and means nothing for rows that have theirs.</summary>
    private static string DefinitionOf(string identity, SourceTable table) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        string.Join('\n', [identity, string.Join(',', table.Key), .. table.Columns.Select(column => $"{column.Name} {column.DataType} {column.IsGenerated}"), NextNumber().Replace(table.CreateSql, "")]))));

    [GeneratedRegex(@"\bAUTO_INCREMENT=[0-9]+\s*", RegexOptions.IgnoreCase)]
    private static partial Regex NextNumber();
}
