using System.Runtime.CompilerServices;
using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.Import;
using CloneHub.Provisioning.WordPress.Rewriting;
using CloneHub.Testing;

namespace CloneHub.Provisioning.Tests.WordPress.Import;

/// <summary>A site that is written to while its tables are read in several transactions.</summary>
[Trait("Needs", "servers")]
public sealed class ChangedRangesTests(ServersFixture servers) : IClassFixture<ServersFixture>, IAsyncLifetime
{
    private const string Tables =
        """
        CREATE TABLE a_posts (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(60) UNIQUE, text VARCHAR(200));
        INSERT INTO a_posts SELECT seq * 10, seq, CONCAT('https://example.com/', seq) FROM seq_1_to_10000;
        CREATE TABLE b_options (option_id INT PRIMARY KEY, option_name VARCHAR(60), option_value TEXT); INSERT INTO b_options VALUES (1, 'blogname', 'A'), (2, '_transient_x', 'B');
        CREATE TABLE c_log (line VARCHAR(60)) ENGINE=MyISAM; INSERT INTO c_log SELECT seq FROM seq_1_to_20;
        CREATE TABLE d_relations (a INT, b INT, PRIMARY KEY (a, b)); INSERT INTO d_relations SELECT seq, seq FROM seq_1_to_50;
        CREATE TRIGGER e_trigger BEFORE INSERT ON a_posts FOR EACH ROW SET NEW.text = 'by the trigger';
        """;

    private static readonly ContentRewriter Rewriter = new(new RewriteMap().Url(new Uri("https://example.com"), new Uri("http://job-x.localhost:5080")));

    private readonly List<DumpRequest> _asked = [];
    private TableReader _source = null!;
    private string _target = "";

    public async Task InitializeAsync()
    {
        _source = new TableReader(await servers.NewMariaDbDatabaseAsync());
        _target = await servers.NewMariaDbDatabaseAsync();
        await _source.ExecuteAsync(Tables);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    /// <summary>With so many rows the first table comes in three ranges: keys to 40,960, to 81,920, and the rest.</summary>
    public static TheoryData<string, string[]> Changes => new()
    {
        { "UPDATE a_posts SET text = 'https://example.com/changed' WHERE id = 50000", ["a_posts 40960-81920"] },
        { "UPDATE a_posts SET text = CONCAT(text, '!') WHERE id IN (10, 99990)", ["a_posts -40960", "a_posts 81920-"] },
        { "DELETE FROM a_posts WHERE id = 40960", ["a_posts -40960"] },
        { "DELETE FROM a_posts WHERE id BETWEEN 40961 AND 81920", ["a_posts 40960-81920"] },
        { "DELETE FROM a_posts WHERE id > 81920", ["a_posts 81920-"] },
        { "INSERT INTO a_posts (name, text) SELECT 20000 + seq, 'new' FROM seq_1_to_9000", ["a_posts 81920-"] },
        { "INSERT INTO a_posts (id, name) VALUES (-5, 'before'), (81925, 'between')", ["a_posts -40960", "a_posts 81920-"] },
        { "UPDATE b_options SET option_value = 'C' WHERE option_id = 1", ["b_options"] },
        { "UPDATE b_options SET option_value = 'C' WHERE option_id = 2; INSERT INTO b_options VALUES (3, '_transient_y', 'D')", ["b_options"] },
        { "INSERT INTO c_log VALUES ('more')", ["c_log"] },
        { "UPDATE d_relations SET b = 99 WHERE a = 7", ["d_relations"] },
        { "TRUNCATE a_posts", ["a_posts -40960", "a_posts 40960-81920", "a_posts 81920-"] },
        { "UPDATE a_posts SET text = IF(id = 50000, 'https://example.com/5001', 'https://example.com/5000') WHERE id IN (50000, 50010)", ["a_posts 40960-81920"] },
        { "SELECT 1", [] },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task What_changed_behind_the_rows_that_were_read_is_brought_again_and_nothing_else(string change, string[] again)
    {
        var (import, warnings) = await ImportAsync(_target, dump => dump == 0 ? _source.ExecuteAsync(change) : Task.CompletedTask);

        Assert.Equal((false, true), (import.IsSnapshot, import.IsCompared));
        Assert.Empty(warnings);
        Assert.Equal(again, _asked.Skip(4).Select(Told));
        var clean = await ImportAsync(await servers.NewMariaDbDatabaseAsync(), _ => Task.CompletedTask);
        Assert.Equal(clean.Import.Proofs, import.Proofs);
        Assert.Equal(await LinesAsync(_source), await LinesAsync(new TableReader(_target)));
        Assert.Single((await new TableReader(_target).SchemaAsync()).Triggers);
    }

    [Fact]
    public async Task A_row_that_took_the_name_of_another_one_brings_the_table_whole()
    {
        var (import, warnings) = await ImportAsync(_target, dump => dump > 0 ? Task.CompletedTask
            : _source.ExecuteAsync("UPDATE a_posts SET name = 'elsewhere' WHERE id = 10; UPDATE a_posts SET name = '1' WHERE id = 90000; UPDATE a_posts SET text = 'x' WHERE id = 50000"), beforeRange: range =>
            range.Above == 40_960 ? _source.ExecuteAsync("UPDATE a_posts SET name = 'away' WHERE id = 20; UPDATE a_posts SET name = '2' WHERE id = 90010") : Task.CompletedTask);

        Assert.True(import.IsCompared);
        Assert.Empty(warnings);
        Assert.Equal(["a_posts -40960", "a_posts 40960-81920", "a_posts 81920-", "a_posts"], _asked.Skip(4).Select(Told));
        Assert.Equal(await LinesAsync(_source), await LinesAsync(new TableReader(_target)));
    }

    /// <summary>Sought for: CRC-32 is linear, and with these numbers its sums over the rows, and over each column, are the same before and after.</summary>
    [Fact]
    public async Task Rows_that_change_places_do_not_hide_each_other()
    {
        await _source.ExecuteAsync("CREATE TABLE d_swapped (id INT PRIMARY KEY, v INT); INSERT INTO d_swapped VALUES (27, 1), (52, 5)");
        const string Sum = "SELECT SUM(CRC32(CONCAT_WS(',', CRC32(id), CRC32(v)))) AS s FROM d_swapped";
        await _source.ExecuteAsync($"CREATE TABLE e_before AS {Sum}; UPDATE d_swapped SET v = 6 - v; CREATE TABLE e_after AS {Sum}; UPDATE d_swapped SET v = 6 - v");
        var columns = (await _source.SchemaAsync()).Tables.Single(table => table.Name == "e_before").Columns;
        Assert.Equal(TableReader.Texts(await _source.ReadAsync("e_before", columns)), TableReader.Texts(await _source.ReadAsync("e_after", columns)));
        await _source.ExecuteAsync("DROP TABLE e_before, e_after");

        var (import, _) = await ImportAsync(_target, dump => dump == 0 ? _source.ExecuteAsync("UPDATE d_swapped SET v = 6 - v") : Task.CompletedTask);

        Assert.True(import.IsCompared);
        Assert.Equal(["d_swapped"], _asked.Skip(5).Select(Told));
        Assert.Equal(await LinesAsync(_source), await LinesAsync(new TableReader(_target)));
    }

    [Fact]
    public async Task A_table_that_changes_each_time_is_named_in_the_end()
    {
        var (import, warnings) = await ImportAsync(_target, dump => _source.ExecuteAsync($"UPDATE a_posts SET text = {dump} WHERE id = 10"));

        Assert.Equal((false, false), (import.IsSnapshot, import.IsCompared));
        Assert.Equal(["Tables that changed each time they were read; their rows may not fit together: a_posts"], warnings);
        Assert.Equal(Enumerable.Repeat("a_posts -40960", 3), _asked.Skip(4).Select(Told));
    }

    [Fact]
    public async Task An_import_that_was_cut_off_finds_what_changed_meanwhile()
    {
        const string Change = "UPDATE a_posts SET text = 'no address' WHERE id = 10; DELETE FROM a_posts WHERE id > 99000";
        await Assert.ThrowsAsync<HttpRequestException>(() => ImportAsync(
            _target, dump => dump == 0 ? _source.ExecuteAsync(Change) : Task.CompletedTask, beforeRange: _ => throw new HttpRequestException("before that is brought")));
        await Assert.ThrowsAsync<HttpRequestException>(() => ImportAsync(_target, dump => dump == 0 ? Task.CompletedTask : throw new HttpRequestException("before it is compared")));
        _asked.Clear();

        var (import, warnings) = await ImportAsync(_target, _ => Task.CompletedTask, DumpConsistency.Snapshot);

        Assert.True(import is { HasResumed: true, IsCompared: true });
        Assert.Empty(warnings);
        Assert.Equal((9_900, 9_899), (import.Proofs[0].Rows, import.Proofs[0].Rewritten));
        Assert.Equal(9_900, Assert.Single(_asked).From!.Rows);
        Assert.Equal(await LinesAsync(_source), await LinesAsync(new TableReader(_target)));
    }

    [Fact]
    public async Task A_connector_that_makes_no_sums_has_that_told()
    {
        var (import, warnings) = await ImportAsync(_target, dump => dump == 0 ? _source.ExecuteAsync("UPDATE a_posts SET text = '' WHERE id = 10") : Task.CompletedTask, makesSums: false);
        Assert.Equal((false, false), (import.IsSnapshot, import.IsCompared));
        Assert.Contains("earlier version", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.Equal(4, _asked.Count);
    }

    [Fact]
    public async Task A_table_that_cannot_be_summed_is_named_and_asked_for_once_and_the_others_are_mended()
    {
        var sums = new List<string>();
        var (import, warnings) = await ImportAsync(
            _target, dump => dump == 0 ? _source.ExecuteAsync("UPDATE a_posts SET text = '' WHERE id = 10") : Task.CompletedTask, onSum: request =>
            {
                sums.Add(request.Table);
                return request.Table == "c_log" ? "It took too long." : null;
            });

        Assert.Equal((false, false), (import.IsSnapshot, import.IsCompared));
        Assert.Equal(["Tables that the source could not sum, so that rows which changed meanwhile were not looked for: c_log (It took too long.)"], warnings);
        Assert.Equal(["a_posts", "b_options", "c_log", "d_relations", "a_posts", "b_options", "d_relations"], sums);
        Assert.Equal(["a_posts -40960"], _asked.Skip(4).Select(Told));
        Assert.Equal(await LinesAsync(_source), await LinesAsync(new TableReader(_target)));
    }

    [Fact]
    public async Task A_source_that_breaks_off_is_cloned_with_what_was_found_till_then()
    {
        var (import, warnings) = await ImportAsync(
            _target, dump => dump == 0 ? _source.ExecuteAsync("UPDATE a_posts SET text = '' WHERE id = 10") : Task.CompletedTask,
            onSum: request => request.Table == "c_log" ? throw SourceFaults.ConnectorFailed("no time", retryable: true) : null);

        Assert.Equal((false, false), (import.IsSnapshot, import.IsCompared));
        var warning = Assert.Single(warnings);
        Assert.Contains("c_log (", warning, StringComparison.Ordinal);
        Assert.Contains("d_relations (", warning, StringComparison.Ordinal);
        Assert.DoesNotContain("a_posts (", warning, StringComparison.Ordinal);
        Assert.Equal(["a_posts -40960"], _asked.Skip(4).Select(Told));
        Assert.Equal(await LinesAsync(_source), await LinesAsync(new TableReader(_target)));
    }

    [Fact]
    public async Task A_table_without_a_column_that_can_be_summed_is_counted()
    {
        await _source.ExecuteAsync("DROP TABLE a_posts, b_options, d_relations; ALTER TABLE c_log ENGINE=InnoDB, MODIFY line DOUBLE");
        var (import, warnings) = await ImportAsync(_target, dump => dump == 0 ? _source.ExecuteAsync("INSERT INTO c_log VALUES (7)") : Task.CompletedTask);
        Assert.True(import.IsCompared);
        Assert.Empty(warnings);
        Assert.Equal(21, Assert.Single(import.Proofs).Rows);
    }

    private static string Told(DumpRequest request) => request.Range is { } keys ? $"{request.Table} {keys.Above}-{keys.Until}" : request.Table;

    private static async Task<IReadOnlyList<string>> LinesAsync(TableReader reader)
    {
        var lines = new List<string>();
        foreach (var table in (await reader.SchemaAsync()).Tables.Where(table => table.Name != ImportCursors.Table))
            lines.AddRange(TableReader.Texts(await reader.ReadAsync(table.Name, table.Columns))
                .Select(row => $"{table.Name} {row.Replace("http://job-x.localhost:5080", "https://example.com", StringComparison.Ordinal)}"));
        return lines;
    }

    /// <param name="afterDump">Is told the number of each dump, from 0, once all of it was taken.</param>
    private async Task<(DatabaseImport Import, IReadOnlyList<string> Warnings)> ImportAsync(
        string connection, Func<int, Task> afterDump, DumpConsistency consistency = DumpConsistency.Fuzzy, Func<Provisioning.WordPress.KeyRange, Task>? beforeRange = null,
        bool makesSums = true, Func<SumsRequest, string?>? onSum = null)
    {
        var schema = await _source.SchemaAsync();
        var target = Targets.Database(connection);
        await using var database = ImportSession.Connect(target, loads: false);
        await using var loading = ImportSession.Connect(target, loads: true);
        var warnings = new ImportWarnings();
        var import = new DatabaseImport(database, loading, new RowEncoder(Rewriter), warnings, new ImportProgress(new Progress<ContentProgress>()), _ => Task.CompletedTask) { LeastBytesToResume = 0 };
        var dumps = 0;
        await import.RunAsync(schema, new TestTables(_source, schema, Dump) { Consistency = consistency, MakesSums = makesSums, OnSum = onSum ?? (_ => null) }, CancellationToken.None);
        return (import, warnings.ToList());

        async IAsyncEnumerable<DumpItem> Dump(IReadOnlyList<DumpRequest> requests, [EnumeratorCancellation] CancellationToken cancellation)
        {
            _asked.AddRange(requests);
            foreach (var request in requests)
            {
                if (request.Range is { } range && beforeRange is not null) await beforeRange(range);
                await foreach (var item in _source.DumpAsync(schema, [request], cancellation)) yield return item;
            }

            await afterDump(dumps++);
        }
    }
}
