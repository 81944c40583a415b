using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.Restore;

namespace CloneHub.Provisioning.Tests.WordPress.Restore;

public sealed class RestoredFilesTests
{
    private static readonly SourceFile[] Site = Tree(
        "plugins/", "plugins/own/", "plugins/own/own.php=1", "plugins/shared/", "plugins/shared/shared.php=1", "plugins/shared/old.php=1", "plugins/wordfence/", "plugins/wordfence/w.php=1",
        "plugins/clonehub-abcdefgh/", "plugins/clonehub-abcdefgh/job.php=1", "mu-plugins/", "mu-plugins/host.php=1", "themes/", "themes/t/", "themes/t/style.css=1", "themes/t/gone/", "themes/t/gone/a.php=1",
        "themes/t/gone/b.php=1", "uploads/", "uploads/kept.png=1", "uploads/same.png=1", "uploads/other.png=1", "object-cache.php=1");

    private static readonly SourceFile[] Clone = Tree(
        "plugins/", "plugins/shared/", "plugins/shared/shared.php=2", "plugins/fresh/", "plugins/fresh/fresh.php=1", "plugins/wordfence/", "plugins/wordfence/w.php=2", "plugins/custom-migrator/",
        "plugins/custom-migrator/custom-migrator.php=1", "mu-plugins/", "mu-plugins/host.php=2", "themes/", "themes/t/", "themes/t/style.css=2", "uploads/", "uploads/same.png=1", "uploads/other.png=2",
        "uploads/2026/", "uploads/2026/01/", "uploads/2026/01/new.png=1", ".clonehub-disabled/", ".clonehub-disabled/object-cache.php=1", "object-cache.php=2", "debug.log=1");

    private static readonly string[] Uploads = ["Add uploads/2026", "Replace uploads/other.png"];
    private static readonly string[] Themes = ["Remove themes/t/gone", "Replace themes/t/style.css"];
    private static readonly string[] Plugins = ["Add plugins/fresh", "Remove plugins/shared/old.php", "Replace plugins/shared/shared.php"];

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public void Plugins_and_themes_come_or_stay_as_asked_and_nothing_of_the_guard_comes(bool preservePlugins, bool preserveThemes) => Assert.Equal(
        [.. Uploads.Concat(preservePlugins ? [] : Plugins).Concat(preserveThemes ? [] : Themes).Order(StringComparer.Ordinal)],
        MovesOf(new RestoreRules(preservePlugins, preserveThemes), Clone, Site));

    [Fact]
    public void What_is_the_same_is_left_alone() => Assert.Empty(MovesOf(new RestoreRules(false), Site, Site));

    [Fact]
    public void A_file_that_became_a_folder_changes_its_place_as_one() =>
        Assert.Equal(["Replace uploads/x"], MovesOf(new RestoreRules(), Tree("uploads/", "uploads/x/", "uploads/x/y.png=1"), Tree("uploads/", "uploads/x=1")));

    [Fact]
    public void A_folder_that_became_a_file_changes_its_place_as_one() =>
        Assert.Equal(["Replace themes/t/x"], MovesOf(new RestoreRules(), Tree("themes/", "themes/t/", "themes/t/x=1"), Tree("themes/", "themes/t/", "themes/t/x/", "themes/t/x/y=1")));

    [Fact]
    public void Plugins_that_only_the_clone_has_are_named() => Assert.Equal(
        ["fresh/fresh.php"], RestoredFiles.MissingPlugins(["fresh/fresh.php", "shared/shared.php", "custom-migrator/custom-migrator.php"], Site));

    private static IEnumerable<string> MovesOf(RestoreRules rules, SourceFile[] clone, SourceFile[] site)
    {
        var files = new RestoredFiles(rules, clone, site);
        return files.MovesFor(files.Changed).Select(move => $"{move.Kind} {move.Path}").Order(StringComparer.Ordinal);
    }

    /// <summary>Folders end with a slash; after a file's name stands what tells it from others.</summary>
    private static SourceFile[] Tree(params string[] entries) =>
    [
        .. entries.Select(entry => entry.EndsWith('/')
            ? new SourceFile(entry.TrimEnd('/'), SourceFileKind.Directory, 0, 0, 0, null, null)
            : new SourceFile(entry.Split('=')[0], SourceFileKind.File, 1, 0, 0, entry.Split('=')[1], null)),
    ];
}
