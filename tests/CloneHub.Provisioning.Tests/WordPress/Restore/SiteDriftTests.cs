using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress.Restore;

namespace CloneHub.Provisioning.Tests.WordPress.Restore;

public sealed class SiteDriftTests
{
    /// <summary>The site has made tables since it was copied, and so has the clone: nothing tells what lies in the site's.</summary>
    [Fact]
    public void A_table_that_nobody_has_marked_counts_as_earned_unless_it_is_empty_or_stays()
    {
        var site = Schemas.Of(
            Schemas.Table("wp_posts", "ID"), Schemas.Table("wp_wc_orders", "id"), Schemas.Table("wp_empty", "id"), Schemas.Table("wp_unmarked", "id"), Schemas.Table("wp_kept", "id"),
            Schemas.Table("wp_wfhits", "id"), Schemas.Table("wp_of_the_site", "id"));
        var clone = Schemas.Of([.. site.Tables.Where(table => table.Name != "wp_of_the_site"), Schemas.Table("wp_of_the_clone", "id")]);
        var tables = new RestoredTables(clone, site, "wp_", ["wp_kept"]);
        TableMark[] now = [new("wp_posts", 3, "a"), new("wp_wc_orders", 2, "b"), new("wp_empty", 0, "c")];

        var drift = SiteDrift.Unknown(tables, site.Tables.ToDictionary(table => table.Name), ["wp_posts"], now.ToDictionary(mark => mark.Name));

        Assert.Equal<TableDrift>([new TableDrift("wp_wc_orders", DriftKind.Orders, 0, 2), new TableDrift("wp_unmarked", DriftKind.Other, 0, 1)], drift);
    }

    [Theory]
    [InlineData("posts", "ID", true)]
    [InlineData("comments", "comment_ID", true)]
    [InlineData("wc_orders", "id", true)]
    [InlineData("postmeta", "meta_key", false)]
    [InlineData("options", "option_name", false)]
    [InlineData("redirection_logs", "id", false)]
    public void What_people_bring_is_told_from_what_a_site_notes(string bareName, string column, bool isWork) =>
        Assert.Equal(isWork, DriftKinds.IsWork(bareName, Schemas.Table("wp_" + bareName, column)));

    [Fact]
    public void Of_many_tables_that_changed_some_are_named()
    {
        var fault = RestoreFaults.Changed([.. Enumerable.Range(1, 12).Select(number => $"wp_{number}")]).Fault;

        Assert.Contains("wp_10, and 2 more.", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wp_11", fault.Message, StringComparison.Ordinal);
    }
}
