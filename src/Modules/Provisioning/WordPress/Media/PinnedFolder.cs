using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CloneHub.Provisioning.WordPress.Media;

/// <summary>
/// A folder of a clone that serves, reached without following any link below the clone's root and kept hold of. The clone's PHP may exchange its own folders for links at any moment,
/// and we may be allowed to write where it is not: what is done by <see cref="PathOf"/> stays in the folder that was looked at, wherever that is moved to.
/// </summary>
internal sealed partial class PinnedFolder : IDisposable
{
    // The numbers that Linux gives them; two differ on ARM.
    private const int PathOnly = 0x200000;
    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;
    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture is Architecture.Arm or Architecture.Arm64;
    private static readonly int FolderOnly = IsArm ? 0x4000 : 0x10000;
    private static readonly int NoFollow = IsArm ? 0x8000 : 0x20000;

    private readonly SafeFileHandle _folder;

    private PinnedFolder(SafeFileHandle folder) => _folder = folder;

    /// <summary>The folder that holds <paramref name="place"/>; null if there is none, the clone has closed it, or a link leads to it.</summary>
    /// <param name="root">Only we can change what leads here.</param>
    internal static PinnedFolder? Holding(DirectoryInfo root, string place)
    {
        var folder = Open(null, root.FullName, PathOnly | FolderOnly);
        foreach (var part in place.Split('/')[..^1])
        {
            if (folder is null) return null;
            using var outer = folder;
            folder = Open(outer, part, PathOnly | FolderOnly | NoFollow);
        }

        return folder is null ? null : new PinnedFolder(folder);
    }

    internal string PathOf(string name) => string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{_folder.DangerousGetHandle()}/{name}");

    /// <summary>Null if it is a folder or a link. Opening never waits, as it would for a pipe that nobody writes into.</summary>
    internal FileStream? OpenRead(string name) =>
        File.Exists(PathOf(name)) && Open(_folder, name, NoFollow | NonBlocking) is { } file ? new FileStream(file, FileAccess.Read, bufferSize: 0) : null;

    public void Dispose() => _folder.Dispose();

    private static SafeFileHandle? Open(SafeFileHandle? folder, string name, int flags)
    {
        // An absolute name needs no folder.
        const int NoFolder = -100;
        const int NotThere = 2;
        const int NotAllowed = 13;
        const int NoDirectory = 20;
        const int TooManyLinks = 40;
        var file = OpenAt((int?)folder?.DangerousGetHandle() ?? NoFolder, name, flags | CloseOnExec);
        if (file >= 0) return new SafeFileHandle(file, ownsHandle: true);
        var error = Marshal.GetLastPInvokeError();
        return error is NotThere or NotAllowed or NoDirectory or TooManyLinks ? null : throw new IOException($"{name} could not be opened.", new Win32Exception(error));
    }

    [LibraryImport("libc", EntryPoint = "openat", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int OpenAt(int folder, string name, int flags);
}
