using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress.Restore;

namespace CloneHub.Provisioning.Tests.WordPress.Restore;

public sealed class RestoreChecksTests
{
    private const long Megabyte = 1 << 20;

    [Theory]
    [InlineData(0, true, false)]
    [InlineData(163, false, true)]
    [InlineData(164, false, false)]
    [InlineData(183, true, true)]
    [InlineData(184, true, false)]
    public void What_is_brought_needs_room_for_files_and_where_the_database_lies_there_for_rows(long free, bool withDatabase, bool isShort) =>
        Assert.Equal(isShort, RestoreChecks.Shortage(Site(free, withDatabase), 100 * Megabyte, 10 * Megabyte) is not null);

    [Fact]
    public void What_an_earlier_attempt_brought_does_not_stand_in_the_way_of_the_next() =>
        Assert.Null(RestoreChecks.Shortage(Site(1, true) with { State = TargetState.Staging }, 100 * Megabyte, 0));

    [Theory]
    [InlineData("1.10", "1.9", true)]
    [InlineData("2.0", "2", false)]
    [InlineData("2.0.1", "2", true)]
    [InlineData("1.9", "1.10", false)]
    [InlineData("20260101000000000000000", "3", true)]
    [InlineData("", "1", false)]
    [InlineData("2", null, false)]
    [InlineData(null, "1", false)]
    public void A_theme_that_the_site_has_updated_is_not_put_back_in_silence(string? site, string? clone, bool isPutBack)
    {
        var theme = new ExtensionPlan(ExtensionKind.Theme, "shop", site, clone, Stays: false, ActiveInClone: true, ActiveAfterwards: true);

        Assert.Equal(isPutBack ? [$"theme shop would go back from version {site} to {clone}"] : [], RestoreChecks.PutBack([theme]));
        Assert.Empty(RestoreChecks.PutBack([theme with { Stays = true }]));
    }

    [Fact]
    public void A_plugin_that_stays_in_another_version_is_named()
    {
        var plugin = new ExtensionPlan(ExtensionKind.Plugin, "woocommerce", "9.1", "9.3", Stays: true, ActiveInClone: true, ActiveAfterwards: true);

        Assert.Equal(["plugin woocommerce 9.1 (9.3 in the clone)"], RestoreChecks.OtherVersions([plugin, plugin with { SiteVersion = "9.3" }, plugin with { ActiveAfterwards = false }, plugin with { Stays = false }]));
    }

    private static TargetInspection Site(long free, bool withDatabase) => new([], null, false, 0, 0, free * Megabyte, 1, withDatabase);
}
