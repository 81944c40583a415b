using System.Diagnostics;
using System.Runtime.CompilerServices;
using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.Import;
using CloneHub.Provisioning.WordPress.Rewriting;
using CloneHub.Testing;
using Xunit.Abstractions;

namespace CloneHub.Provisioning.Tests.WordPress.Import;

[Trait("Needs", "servers")]
public sealed class DatabaseImportTests(ServersFixture servers, ITestOutputHelper output) : IClassFixture<ServersFixture>, IAsyncLifetime
{
    private static readonly ContentRewriter Rewriter = new(new RewriteMap().Url(new Uri("https://example.com"), new Uri("http://job-x.localhost:5080")));

    private readonly ImportWarnings _warnings = new();
    private string _sourceConnection = "";
    private string _targetConnection = "";
    private IReadOnlyList<TableProof> _proofs = [];
    private TableReader _source = null!;
    private TableReader _clone = null!;

    public async Task InitializeAsync()
    {
        _sourceConnection = await servers.NewMariaDbDatabaseAsync();
        _source = new TableReader(_sourceConnection);
        _targetConnection = await servers.NewMariaDbDatabaseAsync();
        _clone = new TableReader(_targetConnection);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Theory]
    [MemberData(nameof(NastyTables.Cases), MemberType = typeof(NastyTables))]
    [MemberData(nameof(NastyTables.OfMariaDb), MemberType = typeof(NastyTables))]
    public async Task Every_value_arrives_as_it_was(string what, string sql)
    {
        await _source.ExecuteAsync("SET sql_mode='NO_AUTO_VALUE_ON_ZERO', time_zone='+00:00', foreign_key_checks=0;" + sql);
        var schema = await ImportAsync();
        Assert.NotEmpty(schema.Tables);
        foreach (var table in schema.Tables.Where(table => !table.IsView))
        {
            var columns = table.Columns.ToArray();
            var sent = await _source.ReadAsync(table.Name, columns);
            var arrived = await _clone.ReadAsync(table.Name, columns);
            Assert.Equal(TableReader.Texts(sent), TableReader.Texts(arrived));
            Assert.NotEmpty(sent);
        }

        var definitions = await _clone.SchemaAsync();
        Assert.Equal(schema.Tables.Select(table => table.CreateSql), definitions.Tables.Select(table => table.CreateSql));
        output.WriteLine(what);
    }

    [Fact]
    public async Task Views_on_views_and_triggers_come_after_the_rows()
    {
        await _source.ExecuteAsync(
            "CREATE TABLE t (a INT PRIMARY KEY, b INT); INSERT INTO t VALUES (1, 2); CREATE VIEW z AS SELECT a FROM t; CREATE VIEW a AS SELECT a FROM z;"
            + "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW BEGIN SET NEW.b = NEW.b + 1; END");
        await ImportAsync();
        await _clone.ExecuteAsync("INSERT INTO t VALUES (5, 5)");
        var columns = (await _clone.SchemaAsync()).Tables.Single(table => table.Name == "t").Columns;
        Assert.Equal(["1|2", "5|6"], TableReader.Texts(await _clone.ReadAsync("t", columns)));
        Assert.Equal(2, (await _clone.ReadAsync("a", columns.Take(1).ToArray())).Count);
        Assert.Empty(_warnings.ToList());
    }

    [Fact]
    public async Task What_an_earlier_attempt_left_is_replaced()
    {
        await _source.ExecuteAsync("CREATE TABLE t (a INT PRIMARY KEY); INSERT INTO t VALUES (1), (2)");
        await _clone.ExecuteAsync(
            "CREATE TABLE t (a VARCHAR(3)); INSERT INTO t VALUES ('x'); CREATE TABLE other (a INT); CREATE VIEW v AS SELECT * FROM t;"
            + "CREATE TABLE parent (id INT PRIMARY KEY); CREATE TABLE child (p INT, FOREIGN KEY (p) REFERENCES parent (id))");
        await ImportAsync();
        var schema = await ImportAsync();
        Assert.Equal(["t"], (await _clone.SchemaAsync()).Tables.Select(table => table.Name));
        Assert.Equal(["1", "2"], TableReader.Texts(await _clone.ReadAsync("t", schema.Tables[0].Columns)));
    }

    [Fact]
    public async Task Addresses_are_rewritten_in_texts_and_in_blobs_that_are_text_but_not_in_keys()
    {
        await _source.ExecuteAsync(
            "CREATE TABLE t (id VARCHAR(80) PRIMARY KEY, body LONGTEXT, packed BLOB, picture BLOB, url VARCHAR(30) NOT NULL, UNIQUE KEY (url), user_email VARCHAR(80), short VARCHAR(19));"
            + "INSERT INTO t VALUES ('https://example.com/', 'see https://example.com/a', 's:19:\"https://example.com\";', CONCAT(0xff00, 'https://example.com'), 'https://example.com/u', 'https://example.com', 'https://example.com')");
        var schema = await ImportAsync();
        Assert.Equal(
            ["https://example.com/|see http://job-x.localhost:5080/a|s:27:\"http://job-x.localhost:5080\";|\ufffd\0https://example.com|https://example.com/u|https://example.com|https://example.com"],
            TableReader.Texts(await _clone.ReadAsync("t", schema.Tables[0].Columns)));
        Assert.Contains("Addresses of the source stay in columns with unique values: t.id, t.url", _warnings.ToList());
        Assert.Contains(_warnings.ToList(), warning => warning.Contains("t.short", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Addresses_that_are_written_letter_by_letter_stay_and_are_told()
    {
        await _source.ExecuteAsync(
            "CREATE TABLE t (id INT PRIMARY KEY, body TEXT, json JSON); INSERT INTO t VALUES (1, 'https://example.com/a https://&#101;xample.com/b', NULL), (2, 'x', '{\"u\":\"http://\\\\u0065xample.com\"}'), (3, '&#101;', NULL)");
        var schema = await ImportAsync();
        Assert.Equal(
            ["1|http://job-x.localhost:5080/a https://&#101;xample.com/b|NULL", "2|x|{\"u\":\"http://\\u0065xample.com\"}", "3|&#101;|NULL"],
            TableReader.Texts(await _clone.ReadAsync("t", schema.Tables[0].Columns)));
        Assert.Equal(["Addresses of the source stay that are written letter by letter, as entities or escapes: t.body, t.json"], _warnings.ToList());
    }

    [Fact]
    public async Task The_proof_is_what_anybody_reads_in_both_databases()
    {
        await _source.ExecuteAsync(
            "CREATE TABLE t (id INT PRIMARY KEY, body TEXT, note VARCHAR(20), weight DOUBLE, twice INT AS (id * 2) STORED); CREATE TABLE same (a INT PRIMARY KEY, b BLOB); CREATE TABLE empty (a INT PRIMARY KEY);"
            + "INSERT INTO t (id, body, note, weight) VALUES (1, 'https://example.com/', NULL, 0.1), (2, '', 'x', 1e308), (3, 'https://example.com/?https://example.com/', 'x', NULL); INSERT INTO same VALUES (7, 0xff00), (8, NULL), (9, '')");
        await ImportAsync();

        Assert.Equal(["empty", "same", "t"], _proofs.Select(proof => proof.Name));
        var (empty, same, t) = (_proofs[0], _proofs[1], _proofs[2]);
        Assert.Equal((0L, 3L, 3L), (empty.Rows, same.Rows, t.Rows));
        Assert.Equal((4, 3, 2L), (t.Columns, t.Compared, t.Rewritten));
        Assert.Equal(await TableSums.OfAsync(_sourceConnection, "t", ["id", "body", "note"]), t.SourceSum);
        Assert.Equal(await TableSums.OfAsync(_targetConnection, "t", ["id", "body", "note"]), t.CloneSum);
        Assert.NotEqual(t.SourceSum, t.CloneSum);
        Assert.Equal((await TableSums.OfAsync(_sourceConnection, "same", ["a", "b"]), 0L, same.SourceSum), (same.SourceSum, same.Rewritten, same.CloneSum));
    }

    [Fact]
    public async Task The_guid_of_a_post_stays_and_that_of_anything_else_is_an_address()
    {
        await _source.ExecuteAsync(
            "CREATE TABLE wp_posts (id INT PRIMARY KEY, post_type VARCHAR(20), guid VARCHAR(255), post_content TEXT); CREATE TABLE wp_feeds (id INT PRIMARY KEY, guid VARCHAR(255));"
            + "INSERT INTO wp_posts VALUES (1, 'post', 'https://example.com/?p=1', 'https://example.com/'); INSERT INTO wp_feeds VALUES (1, 'https://example.com/?p=1')");
        var schema = await ImportAsync();
        Assert.Equal(["1|post|https://example.com/?p=1|http://job-x.localhost:5080/"], TableReader.Texts(await _clone.ReadAsync("wp_posts", Columns("wp_posts"))));
        Assert.Equal(["1|http://job-x.localhost:5080/?p=1"], TableReader.Texts(await _clone.ReadAsync("wp_feeds", Columns("wp_feeds"))));
        Assert.Empty(_warnings.ToList());

        IReadOnlyList<SourceColumn> Columns(string table) => schema.Tables.Single(each => each.Name == table).Columns;
    }

    [Fact]
    public async Task A_row_that_is_lost_on_the_way_is_noticed()
    {
        await _source.ExecuteAsync("CREATE TABLE t (a INT PRIMARY KEY); INSERT INTO t VALUES (1), (2)");
        var schema = await _source.SchemaAsync();
        var fault = await Assert.ThrowsAsync<StepFaultException>(() => RunAsync(schema, Lossy));
        Assert.Equal("VERIFY_FAILED", fault.Fault.Code);

        async IAsyncEnumerable<DumpItem> Lossy(IReadOnlyList<DumpRequest> requests, [EnumeratorCancellation] CancellationToken cancellation)
        {
            await foreach (var item in _source.DumpAsync(schema, requests, cancellation))
                yield return item is TableEnded end ? end with { Rows = 3 } : item;
        }
    }

    [Fact]
    public async Task A_table_that_changed_while_it_was_read_is_read_once_more()
    {
        await _source.ExecuteAsync("CREATE TABLE t (a INT PRIMARY KEY); INSERT INTO t VALUES (1); CREATE TABLE u (a INT PRIMARY KEY); INSERT INTO u VALUES (7)");
        var asked = new List<string>();
        Assert.Equal(3, (await RunAsync(await _source.SchemaAsync(), Counting(asked, table => table == "t" ? 2 : 1, () => _source.ExecuteAsync("INSERT INTO t VALUES (2)")))).Sum(proof => proof.Rows));
        Assert.Equal(["t", "u", "t"], asked);
        Assert.Empty(_warnings.ToList());
        Assert.Equal(["1", "2"], TableReader.Texts(await _clone.ReadAsync("t", (await _clone.SchemaAsync()).Tables[0].Columns)));
    }

    [Fact]
    public async Task A_table_that_goes_on_changing_is_named_with_both_numbers_where_nothing_better_is_known()
    {
        await _source.ExecuteAsync("CREATE TABLE t (a INT PRIMARY KEY); INSERT INTO t VALUES (1)");
        var schema = await _source.SchemaAsync();
        var (asked, counts) = (new List<string>(), 5);
        var source = new TestTables(_source, schema, Counting(asked, _ => counts++, () => Task.CompletedTask)) { MakesSums = false };
        Assert.Equal(1, (await Targets.ImportAsync(_targetConnection, Rewriter, _warnings, schema, source)).Sum(proof => proof.Rows));
        Assert.Equal(["t", "t"], asked);
        Assert.Contains("Table t changed while it was copied: 1 rows were read, 6 were there afterwards.", _warnings.ToList());
    }

    [Fact]
    public async Task A_table_that_stands_still_and_lacks_rows_is_no_clone()
    {
        await _source.ExecuteAsync("CREATE TABLE t (a INT PRIMARY KEY); INSERT INTO t VALUES (1)");
        var schema = await _source.SchemaAsync();
        var fault = await Assert.ThrowsAsync<StepFaultException>(() => RunAsync(schema, Counting([], _ => 5, () => Task.CompletedTask)));
        Assert.Equal("VERIFY_FAILED", fault.Fault.Code);
        Assert.Contains("Table t: only 1 of its 5 rows", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_table_that_could_not_be_counted_is_named()
    {
        await _source.ExecuteAsync("CREATE TABLE t (a INT PRIMARY KEY); INSERT INTO t VALUES (1)");
        await RunAsync(await _source.SchemaAsync(), Counting([], _ => null, () => Task.CompletedTask));
        Assert.Equal(["Tables whose rows the source could not count in time: t"], _warnings.ToList());
    }

    [Fact]
    public async Task A_value_that_the_clone_cannot_hold_is_noticed()
    {
        await _source.ExecuteAsync("CREATE TABLE t (a INT PRIMARY KEY, b VARCHAR(20)); INSERT INTO t VALUES (1, 'a longer value')");
        var schema = await _source.SchemaAsync();
        var narrow = schema with { Tables = [schema.Tables[0] with { CreateSql = schema.Tables[0].CreateSql.Replace("varchar(20)", "varchar(5)", StringComparison.Ordinal) }] };
        var fault = await Assert.ThrowsAsync<StepFaultException>(() => RunAsync(narrow, (requests, cancellation) => _source.DumpAsync(schema, requests, cancellation)));
        Assert.Equal("VERIFY_FAILED", fault.Fault.Code);
        Assert.Contains("column b", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_source_that_breaks_off_fails_the_import_and_leaves_no_connection_behind()
    {
        await _source.ExecuteAsync("CREATE TABLE t (a INT PRIMARY KEY); INSERT INTO t VALUES (1), (2)");
        var schema = await _source.SchemaAsync();
        await Assert.ThrowsAsync<IOException>(() => RunAsync(schema, Broken));
        await ImportAsync();

        async IAsyncEnumerable<DumpItem> Broken(IReadOnlyList<DumpRequest> requests, [EnumeratorCancellation] CancellationToken cancellation)
        {
            await foreach (var item in _source.DumpAsync(schema, requests, cancellation))
            {
                if (item is TableEnded) throw new IOException("gone");
                yield return item;
            }
        }
    }

    [Fact]
    public async Task A_definition_that_MariaDB_does_not_know_has_a_name()
    {
        await _source.ExecuteAsync("CREATE TABLE t (a INT PRIMARY KEY)");
        var schema = await _source.SchemaAsync();
        var odd = schema with { Tables = [schema.Tables[0] with { CreateSql = "CREATE TABLE `t` (`a` WONDER)" }] };
        var fault = await Assert.ThrowsAsync<StepFaultException>(() => RunAsync(odd, (requests, cancellation) => _source.DumpAsync(schema, requests, cancellation)));
        Assert.Equal("DDL_UNSUPPORTED", fault.Fault.Code);
    }

    /// <summary>Reads the source as it is, lets it change after that, and tells of a table what was counted.</summary>
    private Func<IReadOnlyList<DumpRequest>, CancellationToken, IAsyncEnumerable<DumpItem>> Counting(List<string> asked, Func<string, long?> count, Func<Task> change)
    {
        return Read;

        async IAsyncEnumerable<DumpItem> Read(IReadOnlyList<DumpRequest> requests, [EnumeratorCancellation] CancellationToken cancellation)
        {
            var isFirst = asked.Count == 0;
            asked.AddRange(requests.Select(request => request.Table));
            await foreach (var item in _source.DumpAsync(await _source.SchemaAsync(), requests, cancellation))
                yield return item is TableEnded end ? end with { Counted = count(end.Table) } : item;
            if (isFirst) await change();
        }
    }

    private async Task<SourceSchema> ImportAsync()
    {
        var schema = await _source.SchemaAsync();
        var watch = Stopwatch.StartNew();
        _proofs = await RunAsync(schema, (requests, cancellation) => _source.DumpAsync(schema, requests, cancellation));
        output.WriteLine($"{watch.ElapsedMilliseconds} ms");
        return schema;
    }

    private Task<IReadOnlyList<TableProof>> RunAsync(SourceSchema schema, Func<IReadOnlyList<DumpRequest>, CancellationToken, IAsyncEnumerable<DumpItem>> dump) =>
        Targets.ImportAsync(_targetConnection, Rewriter, _warnings, schema, new TestTables(_source, schema, dump));
}
