using CloneHub.Dev.Processes;

namespace CloneHub.Dev.Servers;

/// <summary>
/// The server of MySQL as Debian's unstable release has it, and no stable one. It is not installed: it runs from a folder, on the libraries of
/// that release and by their own loader, because this machine's are too old for it.
/// </summary>
public sealed class MySqlProgram
{
    private readonly string _root;

    private MySqlProgram(DirectoryInfo root)
    {
        _root = root.FullName;
        Loader = Directory.GetFiles(Path.Combine(_root, "usr/lib"), "ld-linux*.so*", SearchOption.AllDirectories)[0];
    }

    /// <summary>What is really started.</summary>
    internal string Loader { get; }

    /// <summary>What the loader is told first.</summary>
    internal IReadOnlyList<string> Start =>
    [
        "--library-path", Path.GetDirectoryName(Loader)!, Path.Combine(_root, "usr/sbin/mysqld"), "--no-defaults", $"--basedir={_root}/usr",
        $"--lc-messages-dir={_root}/usr/share/mysql", $"--character-sets-dir={_root}/usr/share/mysql/charsets", $"--plugin-dir={_root}/usr/lib/mysql/plugin",
        "--secure-file-priv=NULL",
    ];

    /// <summary>The program in the store, fetched there first if it is empty.</summary>
    public static async Task<MySqlProgram> EnsureAsync(DirectoryInfo store, IProgress<string> progress, CancellationToken ct)
    {
        store.Create();
        var root = new DirectoryInfo(Path.Combine(store.FullName, "root"));
        using (await FolderLock.AcquireAsync(store, ct))
        {
            root.Refresh();
            if (!root.Exists)
                await UnpackAsync(store, root, progress, ct);
        }

        return new MySqlProgram(root);
    }

    private static async Task UnpackAsync(DirectoryInfo store, DirectoryInfo root, IProgress<string> progress, CancellationToken ct)
    {
        progress.Report("Fetching MySQL from the Debian archive; this is done once and takes 60 MB.");
        var work = store.CreateSubdirectory("unpacking");
        try
        {
            await DebianArchive.DownloadUnstableAsync("MySQL", "mysql-server-core", work.FullName, ct);
            var unpacked = Path.Combine(work.FullName, "root");
            // Its tools are written in Perl and not needed.
            foreach (var package in work.GetFiles("*.deb").Where(package => !package.Name.Contains("perl", StringComparison.Ordinal)))
                await Command.RunAsync("dpkg-deb", ["-x", package.FullName, unpacked], ct);
            await Command.RunAsync("rm", ["-rf", Path.Combine(unpacked, "usr/bin"), Path.Combine(unpacked, "usr/share/doc")], ct);
            await Command.RunAsync("chmod", ["-R", "u=rwX,go=rX", unpacked], ct);
            Directory.Move(unpacked, root.FullName);
        }
        finally
        {
            work.Delete(recursive: true);
        }
    }
}
