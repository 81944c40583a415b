using System.Runtime.CompilerServices;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.Import;
using CloneHub.Provisioning.WordPress.Rewriting;
using CloneHub.Testing;

namespace CloneHub.Provisioning.Tests.WordPress.Import;

/// <summary>Damage that a copy of tables may take, between the source and us or between us and the clone's disk. All of it must be noticed.</summary>
[Trait("Needs", "servers")]
public sealed class DamagedTablesTests(ServersFixture servers) : IClassFixture<ServersFixture>, IAsyncLifetime
{
    private const string Table =
        """
        CREATE TABLE t (id INT PRIMARY KEY, title VARCHAR(50), body TEXT CHARACTER SET utf8mb4, packed BLOB, day DATETIME, price DECIMAL(10,4), other VARCHAR(50));
        SET sql_mode='';
        INSERT INTO t VALUES (1, 'Hello ', CONCAT('Line 1', CHAR(13), CHAR(10), 'Ünï 😀 and more'), 0x00ff0041, '2026-03-29 02:30:00', 12.3456, NULL), (2, 'World', '', NULL, '0000-00-00 00:00:00', -1, 'x');
        CREATE TABLE u (id INT PRIMARY KEY, v INT); INSERT INTO u VALUES (1, 1), (2, 2), (3, 3);
        """;

    private static readonly ContentRewriter Rewriter = new(new RewriteMap().Url(new Uri("https://example.com"), new Uri("http://job-x.localhost:5080")));

    private TableReader _source = null!;
    private TableReader _clone = null!;
    private string _target = "";

    public async Task InitializeAsync()
    {
        _source = new TableReader(await servers.NewMariaDbDatabaseAsync());
        _target = await servers.NewMariaDbDatabaseAsync();
        _clone = new TableReader(_target);
        await _source.ExecuteAsync(Table);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Without_damage_there_is_no_alarm()
    {
        await ImportAsync(items => items, "SET @nothing = 1");
        Assert.Equal(2, (await _clone.ReadAsync("t", (await _clone.SchemaAsync()).Tables.Single(table => table.Name == "t").Columns)).Count);
    }

    [Theory]
    [InlineData("a letter", "SET NEW.title = REPLACE(NEW.title, 'e', 'a')")]
    [InlineData("the case of a letter", "SET NEW.title = LOWER(NEW.title)")]
    [InlineData("a blank at the end", "SET NEW.title = RTRIM(NEW.title)")]
    [InlineData("an empty text for NULL", "SET NEW.other = COALESCE(NEW.other, '')")]
    [InlineData("NULL for an empty text", "SET NEW.body = NULLIF(NEW.body, '')")]
    [InlineData("a number one higher", "SET NEW.id = NEW.id + 10")]
    [InlineData("the rest of a text", "SET NEW.body = LEFT(NEW.body, 10)")]
    [InlineData("letters beyond the basic plane", "SET NEW.body = REPLACE(NEW.body, '😀', '?')")]
    [InlineData("a wrong character set", "SET NEW.body = CONVERT(CAST(CONVERT(NEW.body USING utf8mb4) AS BINARY) USING latin1)")]
    [InlineData("line ends", "SET NEW.body = REPLACE(NEW.body, CHAR(13), '')")]
    [InlineData("an hour of summer time", "SET NEW.day = IF(NEW.id = 1, NEW.day + INTERVAL 1 HOUR, NEW.day)")]
    [InlineData("a date of zeros", "SET NEW.day = NULLIF(NEW.day, '0000-00-00 00:00:00')")]
    [InlineData("digits behind the point", "SET NEW.price = ROUND(NEW.price, 2)")]
    [InlineData("a byte of binary", "SET NEW.packed = REPLACE(NEW.packed, CHAR(255), CHAR(254))")]
    [InlineData("what follows a NUL", "SET NEW.packed = LEFT(NEW.packed, 1)")]
    [InlineData("two columns", "SET NEW.other = NEW.title, NEW.title = 'x'")]
    [InlineData("a value twice", "SET NEW.title = 'World'")]
    [InlineData("values in each other's rows", "SET NEW.title = IF(NEW.id = 1, 'World', 'Hello ')")]
    public async Task A_change_on_the_way_to_the_disk_is_noticed(string what, string damage)
    {
        var fault = await Assert.ThrowsAsync<StepFaultException>(() => ImportAsync(items => items, $"CREATE TRIGGER damage BEFORE INSERT ON t FOR EACH ROW {damage}"));
        Assert.True(fault.Fault.Code == "VERIFY_FAILED", $"{what}: {fault.Fault}");
    }

    [Theory]
    [InlineData("rows lost", "VERIFY_FAILED")]
    [InlineData("rows doubled", null)]
    [InlineData("a table lost", "VERIFY_FAILED")]
    [InlineData("a table doubled", null)]
    [InlineData("fewer rows told", "VERIFY_FAILED")]
    [InlineData("more rows counted", "VERIFY_FAILED")]
    [InlineData("rows before their table", "IMPORT_FAILED")]
    [InlineData("rows after their table", "IMPORT_FAILED")]
    [InlineData("a foreign table", "IMPORT_FAILED")]
    public async Task A_change_on_the_way_from_the_source_is_noticed(string what, string? expected)
    {
        var fault = await Assert.ThrowsAnyAsync<Exception>(() => ImportAsync(items => Damaged(items, what), "SET @nothing = 1"));
        if (expected is not null) Assert.Equal((what, expected), (what, Assert.IsType<StepFaultException>(fault).Fault.Code));
    }

    private static async IAsyncEnumerable<DumpItem> Damaged(IAsyncEnumerable<DumpItem> items, string what)
    {
        await foreach (var item in items)
        {
            var isT = item.Table == "t";
            switch (what)
            {
                case "rows lost" when isT && item is TableRows: continue;
                case "a table lost" when isT: continue;
                case "fewer rows told" when isT && item is TableEnded end: yield return end with { Rows = end.Rows - 1 }; continue;
                case "more rows counted" when isT && item is TableEnded end: yield return end with { Counted = end.Rows + 1 }; continue;
                case "rows before their table" when isT && item is TableStarted: continue;
                case "a foreign table" when isT && item is TableStarted: yield return new TableStarted("users_of_another_site"); continue;
            }

            yield return item;
            if (what == "rows doubled" && isT && item is TableRows) yield return item;
            if (what == "rows after their table" && isT && item is TableEnded) yield return new TableRows("t", new RowBatch(new byte[28], 1, 7), new DumpPosition(3, []));
            if (what == "a table doubled" && isT && item is TableEnded told)
            {
                yield return new TableStarted("t");
                yield return told;
            }
        }
    }

    /// <param name="damage">Done in the clone's database once its tables are there, before the first row.</param>
    private async Task ImportAsync(Func<IAsyncEnumerable<DumpItem>, IAsyncEnumerable<DumpItem>> way, string damage)
    {
        var schema = await _source.SchemaAsync();
        var target = Targets.Database(_target);
        await using var database = ImportSession.Connect(target, loads: false);
        await using var loading = ImportSession.Connect(target, loads: true);
        var warnings = new ImportWarnings();
        var import = new DatabaseImport(database, loading, new RowEncoder(Rewriter), warnings, new ImportProgress(new Progress<ContentProgress>()), _ => Task.CompletedTask);
        await import.RunAsync(schema, new TestTables(_source, schema, Dump), CancellationToken.None);

        async IAsyncEnumerable<DumpItem> Dump(IReadOnlyList<DumpRequest> requests, [EnumeratorCancellation] CancellationToken cancellation)
        {
            await _clone.ExecuteAsync(damage);
            await foreach (var item in way(_source.DumpAsync(schema, requests, cancellation)).WithCancellation(cancellation)) yield return item;
        }
    }
}
