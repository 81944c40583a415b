using System.Runtime.InteropServices;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>Names that a source gives to files, held against the folder they must stay in.</summary>
internal static class TreePath
{
    /// <summary>
    /// The place of a relative path below a root. A path that leaves the root, or is none, ends the import: no honest listing holds one.
    /// </summary>
    internal static string Resolve(string root, string relative)
    {
        if (!IsSafe(relative)) throw ImportFault.Refused($"The source names a file outside of its own folder: {Printable(relative)}");
        var full = Path.GetFullPath(Path.Combine(root, relative));
        if (!full.StartsWith(root.TrimEnd('/') + '/', StringComparison.Ordinal))
            throw ImportFault.Refused($"The source names a file outside of its own folder: {Printable(relative)}");
        return full;
    }

    internal static bool IsSafe(string relative) =>
        relative.Length is > 0 and < 4096 && !relative.Contains('\0', StringComparison.Ordinal) && !relative.Contains('\\', StringComparison.Ordinal)
        && relative.Split('/').All(part => part.Length is > 0 and < 256 && part is not ("." or ".."));

    /// <summary>A link is kept where it leads to something inside the same root; null for any other.</summary>
    internal static string? LinkTarget(string root, string linkPath, string? target)
    {
        if (string.IsNullOrEmpty(target) || target.StartsWith('/') || target.Contains('\0', StringComparison.Ordinal) || target.Contains('\\', StringComparison.Ordinal)) return null;
        var full = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Path.Combine(root, linkPath))!, target));
        return full.StartsWith(root.TrimEnd('/') + '/', StringComparison.Ordinal) ? target : null;
    }

    private static string Printable(string path) => new([.. path.Take(120).Select(letter => char.IsControl(letter) ? '?' : letter)]);
}

/// <summary>The calls to the operating system that .NET lacks.</summary>
internal static partial class NativeFile
{
    /// <summary>A second name for a file. False where the file system cannot: other device, too many names, not permitted.</summary>
    internal static bool TryHardLink(string existing, string name) => Link(existing, name) == 0;

    /// <summary>Gives a file or a link, not what it leads to, to another account.</summary>
    internal static void ChangeOwner(string path, FileOwner owner)
    {
        if (ChangeOwner(path, owner.UserId, owner.GroupId) != 0)
            throw new IOException($"{path} could not be given to user {owner.UserId}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    /// <summary>A file of so many bytes that takes no room, and whose owner too has to ask for the right to read it.</summary>
    internal static void CreateClosed(string path, long length)
    {
        if (OperatingSystem.IsWindows()) throw new PlatformNotSupportedException("Clones live on Linux.");
        using var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0, UnixCreateMode = UnixFileMode.None });
        file.SetLength(length);
    }

    internal static void SetMode(string path, UnixFileMode mode)
    {
        if (OperatingSystem.IsWindows()) throw new PlatformNotSupportedException("Clones live on Linux.");
        File.SetUnixFileMode(path, mode);
    }

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Link(string existing, string name);

    [LibraryImport("libc", EntryPoint = "lchown", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int ChangeOwner(string path, uint user, uint group);
}
