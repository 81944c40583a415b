using System.Text.RegularExpressions;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;

namespace CloneHub.Dev.WordPress;

/// <summary>
/// WordPress as Debian ships it, turned back into the tree everybody knows: Debian replaces bundled libraries by symbolic links
/// into other packages and brings its own wp-config.php.
/// </summary>
public static partial class WordPressCore
{
    private static readonly string[] Packages =
    [
        "wordpress", "wordpress-theme-twentytwentyone", "wordpress-theme-twentytwentythree",
        "libjs-underscore", "libjs-cropper", "php-getid3",
    ];

    /// <summary>The newest version in the store, unpacked there first if it is empty. Folders of the store are called by version.</summary>
    public static async Task<DirectoryInfo> EnsureAsync(DirectoryInfo store, IProgress<string> progress, CancellationToken ct)
    {
        store.Create();
        using (await FolderLock.AcquireAsync(store, ct))
        {
            return Newest(store) ?? await UnpackAsync(store, progress, ct);
        }
    }

    private static DirectoryInfo? Newest(DirectoryInfo store) => store.GetDirectories()
        .Where(folder => Version.TryParse(folder.Name, out _))
        .MaxBy(folder => Version.Parse(folder.Name));

    private static async Task<DirectoryInfo> UnpackAsync(DirectoryInfo store, IProgress<string> progress, CancellationToken ct)
    {
        progress.Report("Fetching WordPress from the Debian archive.");
        var work = store.CreateSubdirectory("unpacking");
        var packages = Path.Combine(work.FullName, "packages");
        var root = Path.Combine(work.FullName, "root");
        Directory.CreateDirectory(packages);
        try
        {
            await DebianArchive.DownloadAsync("WordPress", Packages, packages, ct);
            foreach (var package in Directory.GetFiles(packages, "*.deb"))
                await Command.RunAsync("dpkg-deb", ["-x", package, root], ct);

            var tree = Path.Combine(root, "usr/share/wordpress");
            File.Delete(Path.Combine(tree, "wp-config.php"));
            File.Delete(Path.Combine(tree, ".htaccess"));
            foreach (var file in new DirectoryInfo(tree).EnumerateFiles("*", SearchOption.AllDirectories).Where(file => file.LinkTarget is not null))
                ReplaceLink(file, root);
            await Command.RunAsync("chmod", ["-R", "u=rwX,go=rX", tree], ct);

            var finished = new DirectoryInfo(Path.Combine(store.FullName, await VersionOfAsync(tree, ct)));
            Directory.Move(tree, finished.FullName);
            return finished;
        }
        finally
        {
            work.Delete(recursive: true);
        }
    }

    private static void ReplaceLink(FileInfo link, string root)
    {
        var target = link.FullName;
        while (new FileInfo(target).LinkTarget is { } next)
        {
            target = next.StartsWith('/')
                ? root + next
                : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(target)!, next));
        }

        // The bundle of root certificates is made when its package is installed; the machine's own one is as good.
        if (!File.Exists(target))
            target = target[root.Length..];
        if (!File.Exists(target))
            throw new SetUpException($"WordPress needs {target}, which none of its packages contains. Install the package ca-certificates.");
        link.Delete();
        File.Copy(target, link.FullName);
    }

    private static async Task<string> VersionOfAsync(string tree, CancellationToken ct)
    {
        var source = await File.ReadAllTextAsync(Path.Combine(tree, "wp-includes/version.php"), ct);
        return VersionLine().Match(source).Groups[1].Value;
    }

    [GeneratedRegex(@"^\$wp_version = '([0-9.]+)';", RegexOptions.Multiline)]
    private static partial Regex VersionLine();
}
