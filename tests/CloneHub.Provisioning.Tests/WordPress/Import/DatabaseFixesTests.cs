using CloneHub.Provisioning.WordPress.Import;
using CloneHub.Testing;

namespace CloneHub.Provisioning.Tests.WordPress.Import;

[Trait("Needs", "servers")]
public sealed class DatabaseFixesTests(ServersFixture servers) : IClassFixture<ServersFixture>
{
    [Fact]
    public async Task A_person_whose_name_looks_like_a_connectors_stays()
    {
        var connection = await servers.NewMariaDbDatabaseAsync();
        var database = new TableReader(connection);
        await database.ExecuteAsync(
            "CREATE TABLE x7_options (option_name VARCHAR(191) PRIMARY KEY, option_value LONGTEXT, autoload VARCHAR(20)); INSERT INTO x7_options VALUES ('siteurl', 'http://x', 'yes');"
            + "CREATE TABLE x7_posts (ID INT, post_type VARCHAR(20), guid VARCHAR(255)); CREATE TABLE x7_postmeta (meta_id INT, post_id INT, meta_key VARCHAR(60)); CREATE TABLE x7_users (ID INT, user_login VARCHAR(60), user_email VARCHAR(100)); CREATE TABLE x7_usermeta (user_id INT, meta_key VARCHAR(60));"
            + "INSERT INTO x7_users VALUES (1, 'clonehub-abcdefgh', 'person@example.com'), (2, 'clonehub-ijklmnop', 'clonehub-ijklmnop@clonehub.invalid'), (3, 'me', 'clonehub-ijklmnop@clonehub.invalid');"
            + "INSERT INTO x7_usermeta VALUES (1, 'kept'), (2, 'lost'), (3, 'kept')");
        var target = Targets.Database(connection);
        await using var source = ImportSession.Connect(target, loads: false);
        await new DatabaseFixes(source, target, WpConfigTests.Facts(), new ImportWarnings()).RunAsync(cursors: null, CancellationToken.None);

        var schema = await database.SchemaAsync();
        Assert.Equal(["1", "3"], await ColumnAsync("x7_users", "ID"));
        Assert.Equal(["1", "3"], await ColumnAsync("x7_usermeta", "user_id"));

        async Task<IEnumerable<string>> ColumnAsync(string table, string column)
        {
            var columns = schema.Tables.Single(each => each.Name == table).Columns.Where(each => each.Name == column).ToArray();
            return (await database.ReadAsync(table, columns)).Select(row => System.Text.Encoding.UTF8.GetString(row[0]!)).Order(StringComparer.Ordinal);
        }
    }
}
