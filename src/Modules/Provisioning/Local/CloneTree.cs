using CloneHub.Provisioning.WordPress.Import;
using Microsoft.Extensions.Options;

namespace CloneHub.Provisioning.Local;

/// <summary>The folders of a clone. What PHP must not change belongs to us; a folder others cannot enter keeps clones out of each other.</summary>
internal sealed class CloneTree(LocalLayout layout, IOptions<LocalOptions> options)
{
    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Enter = UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.GroupExecute;
    private const UnixFileMode Everybody = Own | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    public DirectoryInfo? CoreStore => Directory.Exists(options.Value.CoreStore) ? new DirectoryInfo(options.Value.CoreStore) : null;

    /// <summary>The version of the source is not known yet. The newest core is right most of the time; the import replaces what differs.</summary>
    public DirectoryInfo? NewestCore => CoreStore?.EnumerateDirectories().Where(core => Version.TryParse(core.Name, out _)).MaxBy(core => Version.Parse(core.Name));

    public async Task EnsureAsync(ClonePaths paths, CancellationToken cancellation)
    {
        EnsureShared();
        Directory.CreateDirectory(paths.Folder);
        Folder(paths.Www, Everybody);
        Folder(paths.Run, Own);
        foreach (var writable in (string[])[paths.Content, paths.State, paths.Temporary, paths.CompiledCode, paths.Logs])
        {
            Folder(writable, writable == paths.Content ? Everybody : Own);
            CloneAccount.GiveToClone(writable, paths.Job);
        }

        await Task.Run(() => LinkCore(paths, cancellation), cancellation);

        // Last, because it takes our own right to write into the folder.
        NativeFile.SetMode(paths.Folder, CloneAccount.IsRoot ? Enter : Own);
        CloneAccount.GiveToClone(paths.Folder, paths.Job);
    }

    /// <summary>Folders that all clones share exist; nginx may enter them.</summary>
    public void EnsureShared()
    {
        Folder(layout.Clones, Everybody);
        Folder(layout.NginxFolder, Everybody);
        Folder(layout.AccessLogs, Own);
        CloneAccount.GiveToWeb(layout.AccessLogs);
        Folder(layout.SocketDirectory, Everybody);
        if (CloneAccount.IsRoot) RefuseUnreachable();
    }

    /// <summary>A job's name leads to its instance, for nginx as for us.</summary>
    public static void Link(ClonePaths job, ClonePaths instance)
    {
        if (new FileInfo(job.Folder).LinkTarget is null) Directory.CreateSymbolicLink(job.Folder, instance.Folder);
        if (new FileInfo(job.Socket).LinkTarget is null) File.CreateSymbolicLink(job.Socket, instance.Socket);
    }

    public static void Unlink(ClonePaths job)
    {
        foreach (var link in (string[])[job.Folder, job.Socket])
        {
            if (new FileInfo(link).LinkTarget is not null) File.Delete(link);
        }
    }

    public static void Remove(ClonePaths paths)
    {
        if (!Directory.Exists(paths.Folder)) return;

        // Root deletes anything; an ordinary user must first have the right to write into each folder.
        if (!CloneAccount.IsRoot)
        {
            var all = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };
            foreach (var folder in Directory.EnumerateDirectories(paths.Folder, "*", all).Prepend(paths.Folder)) NativeFile.SetMode(folder, Own);
        }

        Directory.Delete(paths.Folder, recursive: true);
    }

    private static void Folder(string path, UnixFileMode mode)
    {
        Directory.CreateDirectory(path);
        NativeFile.SetMode(path, mode);
    }

    // A clone's PHP and nginx run as other users than we: a folder above that is closed to them would make every page a 404.
    private void RefuseUnreachable()
    {
        foreach (var start in (string[])[layout.StateDirectory, layout.SocketDirectory])
        {
            for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
            {
                if ((folder.UnixFileMode & UnixFileMode.OtherExecute) == 0)
                    throw new IOException($"{folder.FullName} is closed to other users (chmod o+x opens it); clones below it could not be served.");
            }
        }
    }

    private void LinkCore(ClonePaths paths, CancellationToken cancellation)
    {
        if (Directory.Exists(Path.Combine(paths.Www, "wp-includes")) || NewestCore is not { } newest) return;
        foreach (var file in Directory.EnumerateFiles(newest.FullName, "*", new EnumerationOptions { RecurseSubdirectories = true }))
        {
            cancellation.ThrowIfCancellationRequested();
            var place = Path.GetRelativePath(newest.FullName, file);
            if (place.StartsWith("wp-content/", StringComparison.Ordinal)) continue;
            var target = Path.Combine(paths.Www, place);
            if (File.Exists(target)) continue;
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);

            // Without users of its own a clone could write through a link into the store, so it gets a copy.
            if (!CloneAccount.IsRoot || !NativeFile.TryHardLink(file, target)) File.Copy(file, target);
        }
    }
}
