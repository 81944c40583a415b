using System.Runtime.InteropServices;
using System.Text;
using CloneHub.Contracts;
using Microsoft.Win32.SafeHandles;

namespace CloneHub.Provisioning;

/// <summary>
/// The end of a log that code of strangers writes, in a folder that is theirs: bounded, and text whatever is in it. Neither the folder nor the file is
/// followed where it is a link: whoever made it may not read what it leads to.
/// </summary>
internal static partial class LogTail
{
    public const int MostLines = 1_000;

    /// <summary>Bytes after which a log begins anew; what was written before is kept beside it until that has grown as long.</summary>
    public const int Longest = 2 << 20;

    /// <summary>Ends the name of the part before.</summary>
    public const string Older = ".1";

    /// <summary>Bytes that are read. As JSON each may become six, and the agent says it all in one line.</summary>
    private const int Read = 128 << 10;

    // Numbers of Linux, see open(2); two of them differ between processors.
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;
    private const int NoSuchFile = 2;
    private const int NoFolder = 20;
    private const int IsLink = 40;
    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture is Architecture.Arm64;
    private static readonly int NoFollow = IsArm ? 0x8000 : 0x20000;
    private static readonly int Folder = IsArm ? 0x4000 : 0x10000;

    /// <summary>An empty log where nothing was written yet, and where there is something else in its place.</summary>
    public static async Task<CloneLog> ReadAsync(string path, int lines, CancellationToken cancellation)
    {
        using var folder = Check(Open(Path.GetDirectoryName(path)!, Folder | NoFollow | CloseOnExec), path);
        if (folder.IsInvalid) return new CloneLog([], IsCut: false);
        var log = await ReadAsync(folder, path, lines, cancellation);
        if (log.IsCut) return log;
        var rest = lines - log.Lines.Count;
        var before = await ReadAsync(folder, path + Older, Math.Max(rest, 1), cancellation);
        return rest > 0 ? before with { Lines = [.. before.Lines, .. log.Lines] } : log with { IsCut = before.Lines.Count > 0 };
    }

    /// <summary>A log that has grown too long becomes the part before; the part that was that goes. Whoever writes must open it anew for every line.</summary>
    public static void Bound(string path)
    {
        using var folder = Check(Open(Path.GetDirectoryName(path)!, Folder | NoFollow | CloseOnExec), path);
        if (folder.IsInvalid) return;
        var name = Path.GetFileName(path);
        using var file = Check(OpenAt(folder, name, NonBlocking | NoFollow | CloseOnExec), path);
        if (file.IsInvalid) return;
        using var stream = new FileStream(file, FileAccess.Read, bufferSize: 0);
        if (!stream.CanSeek || stream.Length <= Longest) return;
        if (RenameAt(folder, name, folder, name + Older) < 0) throw new IOException($"{path} cannot be put aside: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
    }

    private static async Task<CloneLog> ReadAsync(SafeFileHandle folder, string path, int lines, CancellationToken cancellation)
    {
        using var file = Check(OpenAt(folder, Path.GetFileName(path), NonBlocking | NoFollow | CloseOnExec), path);
        if (file.IsInvalid) return new CloneLog([], IsCut: false);
        await using var stream = new FileStream(file, FileAccess.Read, bufferSize: 0);
        return stream.CanSeek ? await ReadAsync(stream, lines, cancellation) : new CloneLog([], IsCut: false);
    }

    private static async Task<CloneLog> ReadAsync(FileStream stream, int lines, CancellationToken cancellation)
    {
        var from = Math.Max(0, stream.Length - Read);
        stream.Position = from;
        var bytes = new byte[Read];
        var length = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellation);
        var all = Encoding.UTF8.GetString(bytes, 0, length).Split('\n');

        // The first one is whole only at the beginning of the file; behind the last line feed there is nothing.
        var whole = all.Skip(from > 0 ? 1 : 0).SkipLast(all[^1].Length == 0 ? 1 : 0).ToList();
        return new CloneLog([.. whole.TakeLast(Math.Clamp(lines, 1, MostLines)).Select(Text)], IsCut: from > 0 || whole.Count > lines);
    }

    private static string Text(string line) => string.Concat(line.Select(letter => char.IsControl(letter) && letter != '\t' ? ' ' : letter)).TrimEnd();

    private static SafeFileHandle Check(int descriptor, string path)
    {
        if (descriptor < 0 && Marshal.GetLastPInvokeError() is var fault and not (NoSuchFile or NoFolder or IsLink))
            throw new IOException($"{path} cannot be opened: {Marshal.GetPInvokeErrorMessage(fault)}.");
        return new SafeFileHandle(descriptor, ownsHandle: true);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenAt(SafeFileHandle folder, string name, int flags);

    [LibraryImport("libc", EntryPoint = "renameat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt(SafeFileHandle from, string name, SafeFileHandle to, string newName);
}
