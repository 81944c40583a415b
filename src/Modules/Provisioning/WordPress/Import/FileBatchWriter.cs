using System.Buffers;
using System.Security.Cryptography;
using CloneHub.Provisioning.WordPress.Rewriting;
using Microsoft.Win32.SafeHandles;

namespace CloneHub.Provisioning.WordPress.Import;

/// <param name="File">As it was sent, and as it lies in the clone.</param>
/// <param name="HasChanged">The source changed the file between listing and sending it.</param>
internal sealed record ArrivedFile(string Place, CopiedFile File, bool HasChanged);

/// <summary>
/// Files of one request as they come in. Each is written beside its place and moved there when it is complete and its sum is right, so
/// that a half file never carries a name. What is there of a large one stays when the request is cut off.
/// </summary>
/// <remarks>Waits for the disk where it stands: pieces are small, and a change of threads for each of them takes longer than most writes.</remarks>
/// <param name="rewriter">Null if none of them is rewritten.</param>
internal sealed class FileBatchWriter(IFilePlaces tree, IReadOnlyList<PlannedFile> batch, ContentRewriter? rewriter) : IDisposable
{
    private const int ReadBytes = 64 << 10;

    private readonly Dictionary<string, PlannedFile> _open = batch.ToDictionary(entry => entry.Source.Path, StringComparer.Ordinal);
    private readonly IncrementalHash _sum = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
    private PlannedFile? _current;
    private string? _part;
    private SafeFileHandle? _handle;
    private long _written;
    private bool _isSpoiled;

    /// <summary>Goes on with what there is of the first file.</summary>
    /// <returns>Null if nothing is.</returns>
    internal FileStart? GoOn()
    {
        if (batch is not [var entry] || !tree.IsKept(entry) || !File.Exists(tree.PartOf(entry))) return null;
        Open(entry, FileMode.Open);

        // Of one that is complete the last byte is asked for again: how it ends is told with it.
        var length = Math.Min(RandomAccess.GetLength(_handle!), entry.Source.Size - 1);
        var buffer = ArrayPool<byte>.Shared.Rent(ReadBytes);
        while (_written < length)
        {
            var read = RandomAccess.Read(_handle!, buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - _written)), _written);
            if (read == 0) break;
            _sum.AppendData(buffer.AsSpan(0, read));
            _written += read;
        }

        ArrayPool<byte>.Shared.Return(buffer);
        if (_written > 0) return new FileStart(_written, entry.Source.ModifiedUnix);
        Drop();
        return null;
    }

    /// <summary>Takes the next piece. Gives the file that is complete with it.</summary>
    internal ArrivedFile? Write(FileChunk chunk)
    {
        if (!_open.TryGetValue(chunk.Path, out var entry)) throw ImportFault.Refused("The source sent a file that was not asked for.");
        if (chunk.Fault is not null)
        {
            Drop();
            _open.Remove(chunk.Path);
            return null;
        }

        if (_current == entry && chunk.Offset == 0 && _written > 0) Drop();
        if (_current != entry) Begin(entry);
        if (chunk.Offset != _written) throw ImportFault.Failed($"A piece of {entry.Place} is missing.", retryable: true);
        RandomAccess.Write(_handle!, chunk.Data.Span, _written);
        _sum.AppendData(chunk.Data.Span);
        _written += chunk.Data.Length;
        return chunk.IsLast ? Finish(entry, chunk.Size, chunk.ModifiedUnix) : null;
    }

    internal void EnsureComplete()
    {
        if (_open.Count > 0) throw ImportFault.Failed($"The source did not send {_open.Values.First().Place}.", retryable: true);
    }

    public void Dispose()
    {
        try
        {
            if (_current is not null && tree.IsKept(_current) && !_isSpoiled) _handle!.Dispose();
            else Drop();
        }
        finally
        {
            _sum.Dispose();
        }
    }

    private void Begin(PlannedFile entry)
    {
        if (_current is not null) throw ImportFault.Failed($"{_current.Place} ended before its last piece.", retryable: true);
        Open(entry, FileMode.Create);
    }

    private void Open(PlannedFile entry, FileMode mode)
    {
        var part = tree.PartOf(entry);
        _handle = File.OpenHandle(part, mode, FileAccess.ReadWrite, FileShare.None);
        (_part, _current, _written) = (part, entry, 0);
    }

    /// <param name="size">Of the file that the source sent, which may be another than the one it listed.</param>
    private ArrivedFile Finish(PlannedFile entry, long size, long modifiedUnix)
    {
        _isSpoiled = true;
        if (_written != size) throw ImportFault.Failed($"{entry.Place} came with {_written} bytes instead of {size}.", retryable: true);
        var sum = Convert.ToHexStringLower(_sum.GetHashAndReset());
        var sent = entry.Source with { Size = size, ModifiedUnix = modifiedUnix };
        var hasChanged = sent != entry.Source;
        if (!hasChanged && entry.Source.Md5 is { } expected && !string.Equals(sum, expected, StringComparison.OrdinalIgnoreCase))
            throw ImportFault.Verification($"{entry.Place} is not the file that the source listed.");

        // One text for both: a large site has tens of thousands of files, and their sums stay until all are compared.
        if (string.Equals(sum, entry.Source.Md5, StringComparison.Ordinal)) sum = entry.Source.Md5;
        var copied = new CopiedFile(_written, sum, sum);
        if (entry.IsRewritten) copied = Rewrite(copied);
        _handle!.Dispose();
        tree.Settle(entry with { Source = sent }, _part!);
        (_handle, _part, _current, _isSpoiled) = (null, null, null, false);
        _open.Remove(entry.Source.Path);
        return new ArrivedFile(entry.Place, copied, hasChanged);
    }

    private CopiedFile Rewrite(CopiedFile sent)
    {
        var content = new byte[_written];
        for (var at = 0; at < content.Length;)
        {
            var read = RandomAccess.Read(_handle!, content.AsSpan(at), at);
            if (read == 0) throw new EndOfStreamException();
            at += read;
        }

        var rewritten = rewriter!.Rewrite(content);
        if (rewritten is null) return sent;
        RandomAccess.Write(_handle!, rewritten, 0);
        RandomAccess.SetLength(_handle!, rewritten.Length);
        return new CopiedFile(rewritten.Length, sent.SourceMd5, FileSum.Of(rewritten));
    }

    private void Drop()
    {
        _handle?.Dispose();
        if (_part is not null) File.Delete(_part);
        if (_written > 0) _sum.GetHashAndReset();
        (_handle, _part, _current, _written) = (null, null, null, 0);
    }
}
