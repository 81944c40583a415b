namespace CloneHub.Provisioning.WordPress;

/// <summary>The two trees of a site.</summary>
internal enum FileRoot
{
    /// <summary>ABSPATH without wp-content.</summary>
    Core,

    /// <summary>The content directory, wherever it lies.</summary>
    Content,
}

internal enum SourceFileKind
{
    File,
    Directory,
    Link,
}

/// <summary>An entry of a tree. Directories come before what they hold.</summary>
/// <param name="Path">Relative to the root, parts separated by a slash; never absolute, never with "..".</param>
/// <param name="Mode">Permission bits.</param>
/// <param name="Md5">Lower-case hex, of files: it tells which ones need not travel, and whether those that did arrived whole.</param>
/// <param name="LinkTarget">Only for links: relative, and it stays inside the root.</param>
internal sealed record SourceFile(string Path, SourceFileKind Kind, long Size, long ModifiedUnix, int Mode, string? Md5, string? LinkTarget);

/// <summary>Of a file so much is there, of the version that was changed then.</summary>
internal sealed record FileStart(long Offset, long ModifiedUnix);

/// <summary>
/// A piece of a file, in rising order per file. A piece at offset 0 after others of the same file begins it anew: it changed meanwhile.
/// <see cref="Data"/> is valid until the next chunk is asked for.
/// </summary>
/// <param name="IsLast">The file is complete with this chunk. An empty file is one empty last chunk.</param>
/// <param name="Fault">Why the file cannot be had (then there is no data and no further chunk of it): unreadable, gone, or it keeps changing.</param>
/// <param name="ModifiedUnix">When the file that was sent was last changed; of the last piece.</param>
/// <param name="Size">How long the file that was sent is; of the last piece.</param>
internal readonly record struct FileChunk(string Path, long Offset, ReadOnlyMemory<byte> Data, bool IsLast, string? Fault = null, long ModifiedUnix = 0, long Size = 0);
