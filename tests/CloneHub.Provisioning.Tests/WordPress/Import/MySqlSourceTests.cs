using System.Text.RegularExpressions;
using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.Import;
using CloneHub.Provisioning.WordPress.Rewriting;
using CloneHub.Testing;
using Xunit.Abstractions;

namespace CloneHub.Provisioning.Tests.WordPress.Import;

/// <summary>Tables of a real MySQL, read by the connector in its site and brought into MariaDB.</summary>
[Trait("Needs", "servers")]
public sealed partial class MySqlSourceTests(MySqlSite source, ITestOutputHelper output) : IClassFixture<MySqlSite>, IAsyncLifetime
{
    private static readonly ContentRewriter Rewriter = new(new RewriteMap().Url(new Uri("https://example.com"), new Uri("http://job-x.localhost:5080")));

    private readonly ImportWarnings _warnings = new();
    private readonly TableReader _source = new(source.Site.ConnectionString);
    private HashSet<string> _before = [];
    private string _target = "";
    private TableReader _clone = null!;

    public async Task InitializeAsync()
    {
        _before = [.. (await TablesAsync()).Select(table => table[0]!)];
        _target = await source.Servers.NewMariaDbDatabaseAsync();
        _clone = new TableReader(_target);
    }

    public async Task DisposeAsync()
    {
        foreach (var table in (await TablesAsync()).Where(table => !_before.Contains(table[0]!)))
            await _source.ExecuteAsync($"SET foreign_key_checks=0; DROP {(table[1] == "VIEW" ? "VIEW" : "TABLE")} {table[0]}");
    }

    [Theory]
    [MemberData(nameof(NastyTables.Cases), MemberType = typeof(NastyTables))]
    public Task Every_value_arrives_as_it_was(string what, string sql) => ArrivesAsync(what, sql);

    [Theory]
    [MemberData(nameof(MySqlTables.Cases), MemberType = typeof(MySqlTables))]
    public async Task What_only_MySQL_has_arrives_or_is_told(string what, string sql, string told)
    {
        await ArrivesAsync(what, sql);
        if (told.Length == 0) Assert.Empty(_warnings.ToList());
        else Assert.All(_warnings.ToList(), warning => Assert.Contains(told, warning, StringComparison.Ordinal));
        Assert.Equal(told.Length > 0, _warnings.ToList().Count > 0);
    }

    [Theory]
    [MemberData(nameof(MySqlTables.Refused), MemberType = typeof(MySqlTables))]
    public async Task What_MariaDB_cannot_hold_is_refused_by_name(string what, string sql)
    {
        await MakeAsync(sql);
        var fault = (await Assert.ThrowsAsync<StepFaultException>(ImportAsync)).Fault;
        Assert.Equal("DDL_UNSUPPORTED", fault.Code);
        output.WriteLine($"{what}: {fault.Message}");
    }

    /// <summary>But for those of languages that MariaDB does not know: they are replaced, and told.</summary>
    [Fact]
    public async Task Every_order_of_text_has_one_in_MariaDB()
    {
        // The last is the server's own, for names of tables.
        const string Orders = "SELECT COLLATION_NAME FROM information_schema.COLLATIONS WHERE CHARACTER_SET_NAME NOT IN ('binary', 'gb18030') AND COLLATION_NAME <> 'utf8mb3_tolower_ci' ORDER BY 1";
        var orders = await source.Site.QueryAsync(Orders, CancellationToken.None);
        await _source.ExecuteAsync($"CREATE TABLE wp_t (id INT PRIMARY KEY, {string.Join(", ", orders.Select(order => $"`{order[0]}` VARCHAR(1) COLLATE {order[0]}"))}); INSERT INTO wp_t (id) VALUES (1)");
        await ImportAsync();
        output.WriteLine(string.Join('\n', _warnings.ToList()));
        Assert.True(orders.Count > 250, $"Only {orders.Count} orders.");
        var replaced = _warnings.ToList().Select(warning => Replaced().Match(warning)).ToList();
        Assert.All(replaced, order => Assert.True(order.Success));
        Assert.Equal(["bg", "bs", "gl", "ja", "mn_cyrl", "nb", "nn", "ru", "sr_latn", "zh"], replaced.Select(order => order.Groups["language"].Value).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Views_and_triggers_come_after_the_rows_and_programs_are_named()
    {
        await _source.ExecuteAsync(
            "CREATE TABLE wp_t (a INT PRIMARY KEY, b VARCHAR(9)); INSERT INTO wp_t VALUES (1, 'x');"
            + "CREATE VIEW wp_z AS SELECT a, CONCAT('ü', b) COLLATE utf8mb4_0900_as_cs AS c, CAST(a AS CHAR) AS d FROM wp_t; CREATE VIEW wp_a AS SELECT c, d FROM wp_z WHERE c > 'a';"
            + "CREATE PROCEDURE wp_tidy() SELECT 1; CREATE FUNCTION wp_double(n INT) RETURNS INT DETERMINISTIC RETURN n * 2; CREATE EVENT wp_nightly ON SCHEDULE EVERY 1 DAY DO SELECT 1;"
            + "CREATE TRIGGER wp_tr BEFORE INSERT ON wp_t FOR EACH ROW BEGIN SET NEW.b = CONCAT(NEW.b, 'ü' COLLATE utf8mb4_0900_ai_ci); END");
        var schema = await ImportAsync();
        await _clone.ExecuteAsync("INSERT INTO wp_t VALUES (5, 'y')");
        Assert.Equal(["1|x", "5|yü"], await TextsAsync(_clone, "wp_t"));
        Assert.Equal(["üx|1", "üyü|5"], await TextsAsync(_clone, "wp_a"));
        Assert.Equal(["function wp_double", "procedure wp_tidy", "event wp_nightly"], schema.Routines!);
        Assert.Empty(_warnings.ToList());

        async Task<string[]> TextsAsync(TableReader reader, string table) =>
            TableReader.Texts(await reader.ReadAsync(table, schema.Tables.Single(each => each.Name == table).Columns));
    }

    [Fact]
    public async Task The_proof_is_what_anybody_reads_in_both_databases()
    {
        await _source.ExecuteAsync(
            "CREATE TABLE wp_t (id INT(5) ZEROFILL PRIMARY KEY, body TEXT, old VARCHAR(9) CHARACTER SET latin1, j JSON, at TIMESTAMP(3) NULL, day DATE, n DECIMAL(9,3), e ENUM('ü'), b BLOB, y YEAR);"
            + "INSERT INTO wp_t VALUES (1, 'https://example.com/ü', 'ü', '{\"a\":\"é\"}', '2026-01-02 03:04:05.6', '2026-01-02', 1.5, 'ü', 0xff00, 2026), (2, '', NULL, NULL, NULL, NULL, NULL, NULL, '', NULL)");
        var proof = Assert.Single((await ImportProofsAsync()).Proofs);
        string[] columns = ["id", "body", "old", "j", "at", "day", "n", "e", "b", "y"];
        Assert.Equal((10, 1L, 2L), (proof.Compared, proof.Rewritten, proof.Rows));
        Assert.Equal(await TableSums.OfAsync(source.Site.ConnectionString, "wp_t", columns), proof.SourceSum);
        Assert.Equal(await TableSums.OfAsync(_target, "wp_t", columns), proof.CloneSum);
    }

    private Task<IReadOnlyList<string?[]>> TablesAsync() => source.Site.QueryAsync("SHOW FULL TABLES", CancellationToken.None);

    private async Task ArrivesAsync(string what, string sql)
    {
        await MakeAsync(sql);
        var schema = await ImportAsync();
        Assert.NotEmpty(schema.Tables);
        var there = (await _clone.SchemaAsync()).Tables.ToDictionary(table => table.Name);
        foreach (var table in schema.Tables)
        {
            Assert.Equal(table.Columns.Select(column => (column.Name, column.IsGenerated)), there[table.Name].Columns.Select(column => (column.Name, column.IsGenerated)));
            Assert.Equal(table.Key, there[table.Name].Key);
            var sent = TableReader.Texts(await _source.ReadAsync(table.Name, table.Columns));
            Assert.Equal(sent, TableReader.Texts(await _clone.ReadAsync(table.Name, table.Columns)));
            Assert.NotEmpty(sent);
        }

        output.WriteLine($"{what}: {string.Join("; ", _warnings.ToList())}");
    }

    private Task MakeAsync(string sql) =>
        _source.ExecuteAsync("SET sql_mode='NO_AUTO_VALUE_ON_ZERO', time_zone='+00:00', foreign_key_checks=0;" + TableName().Replace(sql, "$1 wp_$2"));

    private async Task<SourceSchema> ImportAsync() => (await ImportProofsAsync()).Schema;

    /// <summary>What a test has made beside the site's own tables.</summary>
    private async Task<(SourceSchema Schema, IReadOnlyList<TableProof> Proofs)> ImportProofsAsync()
    {
        var all = await source.Channel.SchemaAsync(CancellationToken.None);
        var made = all with { Tables = [.. all.Tables.Where(table => !_before.Contains(table.Name))] };

        // A second dump is not of the first one's moment: MySQL is asked for sums as well.
        await foreach (var _ in source.Channel.DumpAsync([all.Tables.First(table => !table.IsView).ToDumpRequest()], CancellationToken.None)) continue;
        return (made, await Targets.ImportAsync(_target, Rewriter, _warnings, made, source.Channel, isSummed: true));
    }

    [GeneratedRegex("the order of utf8mb4_(?<language>[a-z_]+)_0900_a[is]_c[is](_ks)? was replaced by the general one$")]
    private static partial Regex Replaced();

    [GeneratedRegex(@"\b(TABLE|INTO|REFERENCES) (\w+)")]
    private static partial Regex TableName();
}
