using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>
/// An unpacked WordPress of one version. A file of the source that equals its counterpart here need not travel. Sums are kept for as long as a
/// file's size and time stay the same; a file that was changed no longer equals any source and is not used again.
/// </summary>
internal sealed class CoreStore(DirectoryInfo folder)
{
    private static readonly ConcurrentDictionary<string, (long Size, DateTime Written, string Md5)> Sums = new(StringComparer.Ordinal);

    /// <summary>The store of a version, null if there is none.</summary>
    internal static CoreStore? Of(DirectoryInfo? root, string version)
    {
        if (root is null || !TreePath.IsSafe(version) || version.Contains('/', StringComparison.Ordinal)) return null;
        var folder = new DirectoryInfo(Path.Combine(root.FullName, version));
        return folder.Exists ? new CoreStore(folder) : null;
    }

    /// <summary>The store's file of that name, if it holds exactly these bytes.</summary>
    internal FileInfo? Find(SourceFile wanted, CancellationToken cancellation)
    {
        if (wanted.Md5 is null) return null;
        var file = new FileInfo(Path.Combine(folder.FullName, wanted.Path));
        if (!file.Exists || file.LinkTarget is not null || file.Length != wanted.Size) return null;
        if (!Sums.TryGetValue(file.FullName, out var known) || known.Size != file.Length || known.Written != file.LastWriteTimeUtc)
        {
            known = (file.Length, file.LastWriteTimeUtc, FileSum.Of(file, cancellation));
            Sums[file.FullName] = known;
        }

        return string.Equals(known.Md5, wanted.Md5, StringComparison.OrdinalIgnoreCase) ? file : null;
    }
}

/// <summary>MD5 of a file: fast in PHP, and here it tells equal files from changed ones, not friend from foe.</summary>
internal static class FileSum
{
    /// <summary>No large object, so that one for each thread that ever read a file weighs little.</summary>
    private const int BufferBytes = 64 << 10;

    /// <summary>As many at once as gain from it; they keep a thread each, and a machine of many cores has other work for its threads too.</summary>
    private static readonly int AtOnce = Math.Min(4, Environment.ProcessorCount);

    /// <summary>Does something for each of many files, some at a time.</summary>
    internal static Task ForEachAsync<T>(IEnumerable<T> files, Action<T, CancellationToken> work, CancellationToken cancellation) => Parallel.ForEachAsync(
        files, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation },
        (file, token) =>
        {
            work(file, token);
            return ValueTask.CompletedTask;
        });

    internal static string Of(ReadOnlySpan<byte> content)
    {
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        sum.AppendData(content);
        return Convert.ToHexStringLower(sum.GetHashAndReset());
    }

    /// <summary>Of a file that somebody has just listed or written: it is read where it stands, since a change of threads would take longer.</summary>
    internal static string Of(FileInfo file, CancellationToken cancellation)
    {
        using var handle = File.OpenHandle(file.FullName);
        return Of(handle, cancellation);
    }

    internal static string Of(SafeFileHandle handle, CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        try
        {
            var at = 0L;
            int read;
            while ((read = RandomAccess.Read(handle, buffer, at)) > 0)
            {
                cancellation.ThrowIfCancellationRequested();
                sum.AppendData(buffer.AsSpan(0, read));
                at += read;
            }

            return Convert.ToHexStringLower(sum.GetHashAndReset());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
