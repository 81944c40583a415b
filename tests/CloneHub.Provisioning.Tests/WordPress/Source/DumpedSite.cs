using System.Text;
using CloneHub.Dev.WordPress;
using CloneHub.Provisioning.WordPress;
using CloneHub.Testing;
using Microsoft.AspNetCore.Http;

namespace CloneHub.Provisioning.Tests.WordPress.Source;

/// <summary>A site whose tables are hard to copy, with a connector on it.</summary>
public abstract class DumpedSite(ServersFixture servers) : IClassFixture<ServersFixture>, IAsyncLifetime
{
    private static readonly string[] Setup =
    [
        "CREATE TABLE wp_types (id INT AUTO_INCREMENT PRIMARY KEY, f FLOAT, d DOUBLE, b BIT(10), bin VARBINARY(20), `we``ird` VARCHAR(9), twice INT AS (LENGTH(bin) * 2) STORED, dt DATETIME(6), t TIME(3), e ENUM('a','ü'), n DECIMAL(30,10))",
        @"INSERT INTO wp_types (f, d, b, bin, `we``ird`, dt, t, e, n) VALUES (1/3, 1e308, 513, x'00011a090a5c25', '100%', '2020-01-02 03:04:05.678901', '-01:02:03.004', 'ü', 12345678901234567890.0123456789), (NULL,NULL,NULL,'',NULL,'0000-00-00','00:00:00',NULL,NULL)",
        "CREATE TABLE wp_latin (k VARCHAR(10) CHARACTER SET latin1 COLLATE latin1_bin NOT NULL, v TEXT CHARACTER SET latin1, PRIMARY KEY (k))",
        "INSERT INTO wp_latin VALUES ('a', x'ff80c3bc'), (x'e4', 'b'), (x'fc', 'c')",
        "CREATE TABLE wp_keyless (v INT NULL, w VARCHAR(10))",
        "INSERT INTO wp_keyless VALUES (1,'a'), (1,'a'), (NULL,NULL), (2,'')",
        "CREATE TABLE wp_pairs (a INT, b VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, c VARCHAR(400), PRIMARY KEY (a, b))",
        "INSERT INTO wp_pairs SELECT seq DIV 100, CONCAT('ключ', seq MOD 100), REPEAT('x', 300) FROM seq_1_to_9000",
        "CREATE TABLE wp_large (id INT PRIMARY KEY, v LONGTEXT, w LONGBLOB)",
        "INSERT INTO wp_large VALUES (1,'small',NULL), (2,REPEAT('ab%ü',700000),x'00'), (3,REPEAT('y',1100000),REPEAT(x'00ff',900000)), (4,'',''), (5,NULL,'end')",
        "CREATE TABLE wp_large_keyless (v LONGTEXT)",
        "INSERT INTO wp_large_keyless VALUES ('first'), (REPEAT('z',1500000)), ('last')",
        "CREATE TABLE wp_choice (e ENUM('z','a') PRIMARY KEY) ENGINE=MyISAM",
        "INSERT INTO wp_choice VALUES ('a'), ('z')",
        "CREATE TABLE wp_uuid (id UUID PRIMARY KEY)",
        "INSERT INTO wp_uuid SELECT UUID() FROM seq_1_to_3000",
        "CREATE TABLE wp_many (id INT PRIMARY KEY, v VARCHAR(20))",
        "INSERT INTO wp_many SELECT CAST(seq AS SIGNED) - 4501, seq FROM seq_1_to_9001",
        "CREATE TABLE other_app (id INT)",
        "CREATE TABLE wp_shop_options (id INT)", "CREATE TABLE wp_shop_posts (id INT)", "CREATE TABLE wp_shop_users (id INT)", "CREATE TABLE wp_shop_usermeta (id INT)",
        "CREATE VIEW wp_view AS SELECT id FROM wp_types",
        "CREATE PROCEDURE wp_tidy() SELECT 1", "CREATE FUNCTION wp_double(n INT) RETURNS INT DETERMINISTIC RETURN n * 2",
        "CREATE EVENT wp_nightly ON SCHEDULE EVERY 1 DAY DO SELECT 1",
        "CREATE TRIGGER wp_types_trigger BEFORE INSERT ON wp_types FOR EACH ROW SET NEW.f = NEW.f",
    ];

    private readonly Contracts.JobSecrets _secrets = SourceTests.Secrets("admin", "");

    private protected SourceSite Site { get; private set; } = null!;

    private protected SourceChannel Channel { get; private set; } = null!;

    private protected SpoiledLine Line { get; private set; } = null!;

    private protected SourceSchema Schema { get; set; } = null!;

    public async Task InitializeAsync()
    {
        Site = await servers.StartSiteAsync(new SourceSiteOptions
        {
            Name = ServersFixture.Unique("s"),
            PhpSettings = new Dictionary<string, string> { ["memory_limit"] = "40M" },
        });
        await Site.QueryAsync("SET SESSION sql_mode = ''; " + string.Join("; ", Setup), CancellationToken.None);
        var order = SourceTests.OrderFor(Site.Url);
        Channel = await SourceTests.Connector.ConnectAsync(
            order, _secrets with { SourcePassword = new Contracts.Secret(Site.AdminPassword) }, 1, CancellationToken.None);
        Schema = await Channel.SchemaAsync(CancellationToken.None);
        Line = new SpoiledLine(order, _secrets, await Channel.HelloAsync(CancellationToken.None));
    }

    public async Task DisposeAsync()
    {
        await Channel.DisposeAsync();
        await Site.DisposeAsync();
    }

    private protected IReadOnlyList<DumpRequest> Requests => [.. Schema.Tables.Where(table => !table.IsView).Select(table => table.ToDumpRequest())];

    private protected SourceTable Table(string name) => Assert.Single(Schema.Tables, table => table.Name == name);

    private protected static string Text(byte[]? value) => value is null ? "" : Encoding.UTF8.GetString(value);

    private protected SourceChannel Through(FakeSite line, double answerSeconds = 20) => Line.Through(line, answerSeconds);

    private protected Task<FakeSite> LineAsync(Func<HttpContext, byte[], Task> answer) => SpoiledLine.StartAsync(Site, answer);
}
