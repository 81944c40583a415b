using CloneHub.Provisioning.WordPress;

namespace CloneHub.Provisioning.Tests.WordPress.Restore;

/// <summary>Tables as a site tells of them, without a site.</summary>
internal static class Schemas
{
    public static SourceTable Table(string name, params string[] columns) => new(
        name, false, "InnoDB", "utf8mb4_unicode_ci", [.. columns.Select(column => new SourceColumn(column, "bigint", "bigint unsigned", "", false))], [columns[0]],
        $"CREATE TABLE `{name}` (\n{string.Join(",\n", columns.Select(column => $"  `{column}` bigint unsigned NOT NULL"))}\n) ENGINE=InnoDB", 1, 100);

    /// <param name="lines">What its definition has beside columns.</param>
    public static SourceTable With(this SourceTable table, params string[] lines) =>
        table with { CreateSql = table.CreateSql.Replace("\n) ENGINE", $",\n{string.Join(",\n", lines.Select(line => "  " + line))}\n) ENGINE", StringComparison.Ordinal) };

    public static SourceSchema Of(params SourceTable[] tables) => new(tables, [], []);
}
