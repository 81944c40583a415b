using CloneHub.Provisioning.WordPress.Import;

namespace CloneHub.Provisioning.WordPress.PublicSite;

/// <summary>The files of a WordPress that nothing was put into yet: core and one bundled theme from the core store, and our plugin.</summary>
internal sealed class FreshTree
{
    /// <summary>Classic, neutral, and it shows menus, a logo and comments without being told where.</summary>
    private const string Preferred = "twentytwentyone";
    private const UnixFileMode FileMode = (UnixFileMode)0b110_100_100;

    private readonly CloneTarget _target;
    private readonly DirectoryInfo _core;

    private FreshTree(CloneTarget target, DirectoryInfo core, string theme)
    {
        _target = target;
        _core = core;
        Theme = theme;
        Plan = [.. FilesOf(core).Where(Belongs).Select(Planned)];
    }

    internal string Theme { get; }

    internal string Version => _core.Name;

    internal IReadOnlyList<PlannedFile> Plan { get; }

    internal static FreshTree Of(CloneTarget target)
    {
        var core = target.CoreStore?.EnumerateDirectories().Where(folder => System.Version.TryParse(folder.Name, out _))
            .MaxBy(folder => System.Version.Parse(folder.Name));
        var themes = core is null ? null : new DirectoryInfo(Path.Combine(core.FullName, "wp-content/themes"));
        var bundled = themes is { Exists: true } ? themes.GetDirectories("twenty*").Select(folder => folder.Name).Order(StringComparer.Ordinal).ToList() : [];
        if (core is null || bundled.Count == 0)
            throw ImportFault.Failed("The operator's store of WordPress cores holds none with a theme of its own.", retryable: false);
        return new FreshTree(target, core, bundled.Contains(Preferred) ? Preferred : bundled[^1]);
    }

    /// <summary>Puts every file in its place that is not there yet.</summary>
    internal void Place()
    {
        _target.State.Create();
        _target.Root.Create();
        var tree = new FileTree(_target);
        tree.MakeDirectories(Plan);
        foreach (var entry in Plan)
        {
            var stored = new FileInfo(Path.Combine(_core.FullName, entry.Place));

            // What the clone's PHP may change it gets as a copy: a second name would give it the store's file.
            if (entry.Root == FileRoot.Core) tree.LinkFrom(stored, entry);
            else Copy(stored, tree.PathOf(entry));
        }

        CustomMigratorPackage.WriteTo(new DirectoryInfo(Path.Combine(_target.ContentRoot, "plugins")));
    }

    private bool Belongs(string place) => !InContent(place) || place == "wp-content/index.php" || place.StartsWith($"wp-content/themes/{Theme}/", StringComparison.Ordinal);

    private PlannedFile Planned(string place)
    {
        var file = new FileInfo(Path.Combine(_core.FullName, place));
        var source = new SourceFile(place, SourceFileKind.File, file.Length, new DateTimeOffset(file.LastWriteTimeUtc).ToUnixTimeSeconds(), (int)FileMode, null, null);
        return new PlannedFile(InContent(place) ? FileRoot.Content : FileRoot.Core, source, place, IsRewritten: false);
    }

    private static bool InContent(string place) => place.StartsWith("wp-content/", StringComparison.Ordinal);

    private static IEnumerable<string> FilesOf(DirectoryInfo core) =>
        Directory.EnumerateFiles(core.FullName, "*", new EnumerationOptions { RecurseSubdirectories = true }).Select(file => Path.GetRelativePath(core.FullName, file));

    private static void Copy(FileInfo stored, string path)
    {
        var present = new FileInfo(path);
        if (present.Exists && present.Length == stored.Length && present.LastWriteTimeUtc == stored.LastWriteTimeUtc) return;
        present.Delete();
        stored.CopyTo(path);
        NativeFile.SetMode(path, FileMode);
    }
}
