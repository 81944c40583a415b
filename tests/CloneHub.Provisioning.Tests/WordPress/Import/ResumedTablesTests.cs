using System.Runtime.CompilerServices;
using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.Import;
using CloneHub.Provisioning.WordPress.Rewriting;
using CloneHub.Testing;
using MySqlConnector;

namespace CloneHub.Provisioning.Tests.WordPress.Import;

/// <summary>An import of tables that is cut off, and the one that goes on.</summary>
[Trait("Needs", "servers")]
public sealed class ResumedTablesTests(ServersFixture servers) : IClassFixture<ServersFixture>, IAsyncLifetime
{
    private const int Batch = 100;

    /// <summary>Rows of the middle table that have arrived when the first import is cut off.</summary>
    private const int Arrived = 1_500;

    private const string Tables =
        """
        CREATE TABLE a_first (id INT PRIMARY KEY, link VARCHAR(60) UNIQUE); INSERT INTO a_first SELECT seq, CONCAT('https://example.com/', seq) FROM seq_1_to_300;
        CREATE TABLE b_options (id INT AUTO_INCREMENT PRIMARY KEY, option_name VARCHAR(60), text TEXT); INSERT INTO b_options SELECT seq, IF(seq MOD 7, seq, CONCAT('_transient_', seq)), CONCAT(REPEAT('x', 200), ' https://example.com/', seq) FROM seq_1_to_3000;
        CREATE TABLE c_last (id INT PRIMARY KEY, v INT); INSERT INTO c_last SELECT seq, seq FROM seq_1_to_50;
        CREATE VIEW d_view AS SELECT id FROM c_last; CREATE TRIGGER e_trigger BEFORE INSERT ON b_options FOR EACH ROW SET NEW.text = '';
        """;

    private static readonly ContentRewriter Rewriter = new(new RewriteMap().Url(new Uri("https://example.com"), new Uri("http://job-x.localhost:5080")));

    private readonly List<DumpRequest> _asked = [];
    private TableReader _source = null!;
    private TableReader _clone = null!;
    private string _target = "";

    public async Task InitializeAsync()
    {
        _source = new TableReader(await servers.NewMariaDbDatabaseAsync()) { BatchRows = Batch };
        _target = await servers.NewMariaDbDatabaseAsync();
        _clone = new TableReader(_target);
        await _source.ExecuteAsync(Tables);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task It_goes_on_after_the_last_row_that_is_there_and_tells_the_same_as_one_that_was_not_cut_off()
    {
        await CutOffAsync();
        _asked.Clear();

        var resumed = await ImportAsync(_target, CutNowhere);

        Assert.True(resumed.Import.HasResumed);
        Assert.DoesNotContain(_asked, request => request.Table == "a_first");
        Assert.InRange(Asked("b_options").From!.Rows, 1, Arrived);
        Assert.Null(Asked("c_last").From);
        var whole = await ImportAsync(await servers.NewMariaDbDatabaseAsync(), CutNowhere);
        Assert.False(whole.Import.HasResumed);
        Assert.Equal(whole.Import.Proofs, resumed.Import.Proofs);
        Assert.Equal(whole.Warnings, resumed.Warnings);
        Assert.True(resumed.Import is { IsSnapshot: false, IsCompared: true });
        Assert.Contains(whole.Warnings, warning => warning.Contains("a_first.link (300 times)", StringComparison.Ordinal));
        var columns = (await _source.SchemaAsync()).Tables.Single(table => table.Name == "b_options").Columns;
        Assert.Equal(
            TableReader.Texts(await _source.ReadAsync("b_options", columns)).Select(row => row.Replace("https://example.com", "http://job-x.localhost:5080", StringComparison.Ordinal)),
            TableReader.Texts(await _clone.ReadAsync("b_options", columns)));
        Assert.Single((await _clone.SchemaAsync()).Triggers);
    }

    [Fact]
    public async Task Rows_of_a_transaction_that_was_cut_off_are_not_there()
    {
        await CutOffAsync(bytesPerTransaction: 100_000);
        _asked.Clear();
        await using (var connection = new MySqlConnection(_target))
        {
            await connection.OpenAsync();
            await using var count = new MySqlCommand("SELECT COUNT(*) FROM b_options", connection);
            Assert.InRange((long)(await count.ExecuteScalarAsync())!, 1, Arrived - 1);
        }

        await ImportAsync(_target, CutNowhere);
        Assert.InRange(Asked("b_options").From!.Rows, 1, Arrived - 1);
    }

    [Theory]
    [InlineData("ALTER TABLE b_options ADD COLUMN more INT", false)]
    [InlineData("ALTER TABLE b_options MODIFY COLUMN text MEDIUMTEXT", false)]
    [InlineData("INSERT INTO b_options (option_name) VALUES ('new')", true)]
    public async Task A_table_that_is_defined_otherwise_meanwhile_begins_anew(string change, bool goesOn)
    {
        await CutOffAsync();
        await _source.ExecuteAsync(change);
        _asked.Clear();

        await ImportAsync(_target, CutNowhere);

        Assert.Equal(goesOn, Asked("b_options").From is not null);
        Assert.Equal(goesOn ? 3001 : 3000, (await _clone.ReadAsync("b_options", [(await _clone.SchemaAsync()).Tables.Single(table => table.Name == "b_options").Columns[0]])).Count);
    }

    [Theory]
    [InlineData("DELETE FROM b_options WHERE id BETWEEN 10 AND 20", true)]
    [InlineData("UPDATE b_options SET option_name = 'moved' WHERE id = 10", true)]
    [InlineData("ALTER TABLE b_options AUTO_INCREMENT = 90000", false)]
    public async Task Rows_that_no_longer_fit_together_are_brought_once_more(string change, bool isAgain)
    {
        await CutOffAsync();
        await _source.ExecuteAsync(change);
        _asked.Clear();
        var resumed = await ImportAsync(_target, CutNowhere);
        Assert.Equal(isAgain ? [false, true] : [false], _asked.Where(request => request.Table == "b_options").Select(request => request.From is null));
        Assert.True(resumed.Import.IsCompared);
    }

    [Fact]
    public async Task A_row_that_took_anothers_name_meanwhile_does_not_fail_the_copy_for_ever()
    {
        await _source.ExecuteAsync("CREATE UNIQUE INDEX name ON b_options (option_name)");
        await CutOffAsync();
        await _source.ExecuteAsync("UPDATE b_options SET option_name = 'elsewhere' WHERE id = 10; INSERT INTO b_options (option_name) VALUES ('10')");
        _asked.Clear();

        var resumed = await ImportAsync(_target, CutNowhere);

        Assert.Equal([false, true], _asked.Where(request => request.Table == "b_options").Select(request => request.From is null));
        Assert.Equal(3001, resumed.Import.Proofs.Single(proof => proof.Name == "b_options").Rows);
    }

    [Theory]
    [InlineData("ALTER TABLE b_options DROP PRIMARY KEY, MODIFY id INT")]
    [InlineData("ALTER TABLE b_options MODIFY id VARCHAR(20)")]
    [InlineData("ALTER TABLE b_options ENGINE = MyISAM")]
    public async Task A_table_that_cannot_be_gone_on_with_begins_anew(string change)
    {
        await _source.ExecuteAsync(change);
        await CutOffAsync();
        _asked.Clear();
        var resumed = await ImportAsync(_target, CutNowhere);
        Assert.Null(Asked("b_options").From);
        Assert.DoesNotContain(_asked, request => request.Table == "a_first");
        Assert.Equal(3000, resumed.Import.Proofs.Single(proof => proof.Name == "b_options").Rows);
    }

    [Fact]
    public async Task One_for_another_address_begins_anew()
    {
        await CutOffAsync();
        _asked.Clear();
        var other = await ImportAsync(_target, CutNowhere, identity: "another address");
        Assert.False(other.Import.HasResumed);
        Assert.All(_asked, request => Assert.Null(request.From));
        Assert.Equal(3, _asked.Count);
    }

    [Fact]
    public async Task A_small_database_is_brought_anew_and_nothing_is_kept_account_of()
    {
        await Assert.ThrowsAsync<HttpRequestException>(() => ImportAsync(_target, CutInTheMiddle, leastBytes: 1));
        _asked.Clear();
        await ImportAsync(_target, CutNowhere, leastBytes: 1);
        Assert.All(_asked, request => Assert.Null(request.From));
        Assert.Equal(["a_first", "b_options", "c_last", "d_view"], (await _clone.SchemaAsync()).Tables.Select(table => table.Name));
    }

    [Fact]
    public async Task An_earlier_import_that_lives_on_brings_nothing_any_more()
    {
        var (inside, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        var earlier = ImportAsync(_target, async (table, rows) =>
        {
            if (table != "b_options" || rows != Arrived) return;
            inside.SetResult();
            await goOn.Task;
        });
        await inside.Task;

        var later = await ImportAsync(_target, CutNowhere);

        goOn.SetResult();
        await Assert.ThrowsAnyAsync<Exception>(() => earlier);
        Assert.Equal(3000, later.Import.Proofs.Single(proof => proof.Name == "b_options").Rows);
        Assert.Equal(3000, (await _clone.ReadAsync("b_options", [(await _clone.SchemaAsync()).Tables.Single(table => table.Name == "b_options").Columns[0]])).Count);
    }

    [Fact]
    public async Task Who_took_the_cursors_over_is_the_only_one_to_move_them()
    {
        var schema = await _source.SchemaAsync();
        await using var database = ImportSession.Connect(Targets.Database(_target), loads: false);
        await using var connection = await ImportSession.OpenAsync(database, CancellationToken.None);
        var first = await TakeAsync();
        var second = await TakeAsync();
        var plan = new Provisioning.WordPress.Import.TablePlan(schema.Tables.First(table => table.Name == "c_last"));
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            var fault = await Assert.ThrowsAsync<StepFaultException>(() => first.SaveAsync(transaction, plan, CancellationToken.None));
            Assert.True(fault.Fault.Retryable);
        }

        await using (var transaction = await connection.BeginTransactionAsync())
        {
            plan.After = ["7"u8.ToArray()];
            await second.SaveAsync(transaction, plan, CancellationToken.None);
            await transaction.CommitAsync();
        }

        Assert.Equal(["7"u8.ToArray()], (await TakeAsync()).States["c_last"].After);

        Task<ImportCursors> TakeAsync() => ImportCursors.TakeAsync(connection, "", [.. schema.Tables.Where(table => !table.IsView)], new HashSet<string> { "c_last" }, CancellationToken.None);
    }

    private static Task CutNowhere(string table, long rows) => Task.CompletedTask;

    private static Task CutInTheMiddle(string table, long rows) =>
        table == "b_options" && rows == Arrived ? throw new HttpRequestException("The line is cut.") : Task.CompletedTask;

    private Task<HttpRequestException> CutOffAsync(long bytesPerTransaction = 20_000) =>
        Assert.ThrowsAsync<HttpRequestException>(() => ImportAsync(_target, CutInTheMiddle, bytesPerTransaction: bytesPerTransaction));

    private DumpRequest Asked(string table) => _asked.Single(request => request.Table == table);

    /// <param name="onRows">Is told of each batch once it was taken.</param>
    private async Task<(DatabaseImport Import, IReadOnlyList<string> Warnings)> ImportAsync(
        string connection, Func<string, long, Task> onRows, long bytesPerTransaction = 20_000, long leastBytes = 0, string identity = "this address")
    {
        var schema = await _source.SchemaAsync();
        var target = Targets.Database(connection);
        await using var database = ImportSession.Connect(target, loads: false);
        await using var loading = ImportSession.Connect(target, loads: true);
        var warnings = new ImportWarnings();
        var import = new DatabaseImport(database, loading, new RowEncoder(Rewriter), warnings, new ImportProgress(new Progress<ContentProgress>()), _ => Task.CompletedTask)
        {
            Identity = identity,
            LeastBytesToResume = leastBytes,
            BytesPerTransaction = bytesPerTransaction,
        };
        await import.RunAsync(schema, new TestTables(_source, schema, Dump), CancellationToken.None);
        return (import, warnings.ToList());

        async IAsyncEnumerable<DumpItem> Dump(IReadOnlyList<DumpRequest> requests, [EnumeratorCancellation] CancellationToken cancellation)
        {
            _asked.AddRange(requests);
            await foreach (var item in _source.DumpAsync(schema, requests, cancellation))
            {
                yield return item;
                if (item is TableRows rows) await onRows(rows.Table, rows.Position.Rows);
            }
        }
    }
}
