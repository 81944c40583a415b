using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.Restore;

namespace CloneHub.Provisioning.Tests.WordPress.Restore;

public sealed class RestoredTablesTests
{
    private const string ToOrders = "CONSTRAINT `of_order` FOREIGN KEY (`id`) REFERENCES `wp_orders` (`id`)";

    [Fact]
    public void Who_may_log_in_and_whose_key_counts_stays_the_sites()
    {
        var site = Schemas.Of(Schemas.Table("wp_users", "ID"), Schemas.Table("wp_usermeta", "umeta_id"), Schemas.Table("wp_woocommerce_api_keys", "key_id"), Schemas.Table("wp_posts", "ID"));

        var tables = new RestoredTables(site, site, "wp_");

        Assert.Equal(["wp_posts"], tables.Tables.Select(table => table.Name));
        Assert.Equal(["wp_users", "wp_usermeta", "wp_woocommerce_api_keys"], tables.Kept);
    }

    [Fact]
    public void A_table_that_stays_and_refers_to_one_that_goes_stands_in_the_way()
    {
        var both = Schemas.Of(Schemas.Table("wp_orders", "id"), Schemas.Table("wp_invoices", "id").With(ToOrders));

        Assert.Equal(["its table wp_invoices, which stays, refers to wp_orders by foreign keys"], new RestoredTables(both, both, "wp_", ["wp_invoices"]).Obstacles);
        Assert.Empty(new RestoredTables(both, both, "wp_", ["wp_invoices", "wp_orders"]).Obstacles);
        Assert.Equal(["wp_invoices: its foreign keys were left out"], new RestoredTables(both, both, "wp_").Warnings);
        Assert.Single(new RestoredTables(Schemas.Of(both.Tables[0]), both, "wp_").Obstacles);
    }

    [Theory]
    [InlineData("bigint(20) unsigned", "bigint unsigned", "", "", true)]
    [InlineData("varchar(191)", "varchar(191)", "utf8", "utf8mb3", true)]
    [InlineData("varchar(255)", "varchar(191)", "utf8mb4", "utf8mb4", false)]
    [InlineData("varchar(191)", "varchar(191)", "utf8mb4", "latin1", false)]
    public void A_table_is_made_like_the_sites_only_if_that_holds_what_the_clones_does(string clone, string site, string charset, string charsetOfSite, bool isLike)
    {
        var tables = new RestoredTables(Schemas.Of(Column(clone, charset)), Schemas.Of(Column(site, charsetOfSite)), "wp_");

        Assert.Equal(isLike, Assert.Single(tables.Tables).CreateSql is null);
    }

    [Theory]
    [InlineData("json", "", "json", true)]
    [InlineData("longtext", "utf8mb4", "longtext", true)]
    [InlineData("text", "utf8mb4", "longtext", false)]
    public void JSON_of_MariaDB_goes_where_the_site_has_it(string site, string charset, string becomes, bool isLike)
    {
        var clone = Column("longtext", "utf8mb4") with { CreateSql = "CREATE TABLE `wp_notes` (\n  `id` longtext DEFAULT NULL CHECK (json_valid(`id`))\n) ENGINE=InnoDB" };
        var there = Column(site, charset) with { CreateSql = site == "longtext" ? clone.CreateSql : "" };

        var table = Assert.Single(new RestoredTables(Schemas.Of(clone), Schemas.Of(there), "wp_").Tables);

        Assert.Equal((isLike, becomes), (table.CreateSql is null, Assert.Single(table.Table.Columns).DataType));
    }

    private static SourceTable Column(string type, string charset) =>
        Schemas.Table("wp_notes", "id") with { Columns = [new SourceColumn("id", type.Split('(', ' ')[0], type, charset, false)] };
}
