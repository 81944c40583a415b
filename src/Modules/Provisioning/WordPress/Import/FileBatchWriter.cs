using System.Security.Cryptography;
using CloneHub.Provisioning.WordPress.Rewriting;

namespace CloneHub.Provisioning.WordPress.Import;

/// <param name="File">As it was sent, and as it lies in the clone.</param>
/// <param name="HasChanged">The source changed the file between listing and sending it.</param>
internal sealed record ArrivedFile(string Place, CopiedFile File, bool HasChanged);

/// <summary>
/// Files of one request as they come in. Each is written beside its place and moved there when it is complete and its sum is right, so
/// that a half file never carries a name.
/// </summary>
/// <param name="rewriter">Null if none of them is rewritten.</param>
internal sealed class FileBatchWriter(IFilePlaces tree, IReadOnlyList<PlannedFile> batch, ContentRewriter? rewriter) : IAsyncDisposable
{
    private readonly Dictionary<string, PlannedFile> _open = batch.ToDictionary(entry => entry.Source.Path, StringComparer.Ordinal);
    private PlannedFile? _current;
    private FileStream? _stream;
    private IncrementalHash? _sum;
    private long _written;

    /// <summary>Takes the next piece. Gives the file that is complete with it.</summary>
    internal async ValueTask<ArrivedFile?> WriteAsync(FileChunk chunk, CancellationToken cancellation)
    {
        if (!_open.TryGetValue(chunk.Path, out var entry)) throw ImportFault.Refused("The source sent a file that was not asked for.");
        if (chunk.Fault is not null)
        {
            await DropAsync();
            _open.Remove(chunk.Path);
            return null;
        }

        if (_current == entry && chunk.Offset == 0 && _written > 0) await DropAsync();
        if (_current != entry) Begin(entry);
        if (chunk.Offset != _written) throw ImportFault.Failed($"A piece of {entry.Place} is missing.", retryable: true);
        await _stream!.WriteAsync(chunk.Data, cancellation);
        _sum!.AppendData(chunk.Data.Span);
        _written += chunk.Data.Length;
        return chunk.IsLast ? await FinishAsync(entry, chunk.Size, chunk.ModifiedUnix, cancellation) : null;
    }

    internal void EnsureComplete()
    {
        if (_open.Count > 0) throw ImportFault.Failed($"The source did not send {_open.Values.First().Place}.", retryable: true);
    }

    public ValueTask DisposeAsync() => DropAsync();

    private void Begin(PlannedFile entry)
    {
        if (_current is not null) throw ImportFault.Failed($"{_current.Place} ended before its last piece.", retryable: true);
        _current = entry;
        _written = 0;
        _sum = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        _stream = new FileStream(tree.PartOf(entry), new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            BufferSize = 0,
            Options = FileOptions.None,
        });
    }

    /// <param name="size">Of the file that the source sent, which may be another than the one it listed.</param>
    private async Task<ArrivedFile> FinishAsync(PlannedFile entry, long size, long modifiedUnix, CancellationToken cancellation)
    {
        if (_written != size) throw ImportFault.Failed($"{entry.Place} came with {_written} bytes instead of {size}.", retryable: true);
        var sum = Convert.ToHexStringLower(_sum!.GetHashAndReset());
        var sent = entry.Source with { Size = size, ModifiedUnix = modifiedUnix };
        var hasChanged = sent != entry.Source;
        if (!hasChanged && entry.Source.Md5 is { } expected && !string.Equals(sum, expected, StringComparison.OrdinalIgnoreCase))
            throw ImportFault.Verification($"{entry.Place} is not the file that the source listed.");
        var copied = new CopiedFile(_written, sum, sum);
        if (entry.IsRewritten) copied = await RewriteAsync(copied, cancellation);
        var part = _stream!.Name;
        await _stream.DisposeAsync();
        _stream = null;
        tree.Settle(entry with { Source = sent }, part);
        _open.Remove(entry.Source.Path);
        await DropAsync();
        return new ArrivedFile(entry.Place, copied, hasChanged);
    }

    private async Task<CopiedFile> RewriteAsync(CopiedFile sent, CancellationToken cancellation)
    {
        var content = new byte[_written];
        _stream!.Position = 0;
        await _stream.ReadExactlyAsync(content, cancellation);
        var rewritten = rewriter!.Rewrite(content);
        if (rewritten is null) return sent;
        _stream.Position = 0;
        await _stream.WriteAsync(rewritten, cancellation);
        _stream.SetLength(rewritten.Length);
        return new CopiedFile(rewritten.Length, sent.SourceMd5, FileSum.Of(rewritten));
    }

    private async ValueTask DropAsync()
    {
        if (_stream is not null)
        {
            await _stream.DisposeAsync();
            File.Delete(_stream.Name);
            _stream = null;
        }

        _sum?.Dispose();
        _sum = null;
        _current = null;
    }
}
