using System.Buffers;
using CloneHub.Provisioning.WordPress.Import;
using CloneHub.Provisioning.WordPress.Rewriting;

namespace CloneHub.Provisioning.WordPress.Restore;

/// <summary>Brings the clone's files beside those of the site. What an earlier attempt brought whole does not travel again.</summary>
internal sealed class FileUpload(SourceChannel clone, TargetChannel target, RestoredFiles plan, ContentRewriter rewriter, ImportProgress progress)
{
    private const int FilesPerRequest = 500;

    private readonly List<object[]> _pieces = [];
    private readonly ArrayBufferWriter<byte> _bytes = new(1 << 20);
    private int _done;

    /// <returns>Number of files that differ, and of their bytes.</returns>
    public async Task<(long Files, long Bytes)> RunAsync(CancellationToken cancellation)
    {
        var generated = await RewrittenAsync([.. plan.Changed.Where(file => file.IsRewritten)], cancellation);
        var whole = plan.Changed.Where(file => !file.IsRewritten).Select(file => (File: file, Staged: new StagedFile(file.Path, file.Source.Size, file.Source.Md5!))).ToList();
        var changed = generated.Where(file => plan.SumAtTarget(file.File.Path) != file.Staged.Md5).ToList();
        List<StagedFile> all = [.. whole.Select(file => file.Staged), .. changed.Select(file => file.Staged)];
        await SendFoldersAsync(cancellation);
        var missing = (await target.MissingAsync(all, cancellation)).Select(file => file.Path).ToHashSet(StringComparer.Ordinal);
        progress.Expect(all.Where(file => missing.Contains(file.Path)).Sum(file => file.Size));
        await SendRewrittenAsync([.. changed.Where(file => missing.Contains(file.File.Path))], cancellation);
        await SendWholeAsync([.. whole.Where(file => missing.Contains(file.File.Path)).Select(file => file.File)], missing.Count, cancellation);
        await FlushAsync(cancellation);
        if (await target.MissingAsync(all, cancellation) is { Count: > 0 } lost) throw RestoreFaults.Files(lost.Count, lost[0].Path);
        await target.SetMovesAsync(plan.MovesFor([.. whole.Select(file => file.File), .. changed.Select(file => file.File)]), cancellation);
        return (all.Count, all.Sum(file => file.Size));
    }

    /// <summary>Small files whose addresses become the site's; without that every one of them would look changed.</summary>
    private async Task<List<(RestoredFile File, StagedFile Staged, byte[] Content)>> RewrittenAsync(IReadOnlyList<RestoredFile> files, CancellationToken cancellation)
    {
        var rewritten = new List<(RestoredFile, StagedFile, byte[])>();
        var byPath = files.ToDictionary(file => file.Path, StringComparer.Ordinal);
        using var content = new MemoryStream();
        await foreach (var chunk in clone.GetAsync(FileRoot.Content, [.. byPath.Keys], cancellation))
        {
            Require(chunk);
            if (chunk.Offset == 0) content.SetLength(0);
            content.Write(chunk.Data.Span);
            if (!chunk.IsLast) continue;
            var bytes = rewriter.Rewrite(content.ToArray()) ?? content.ToArray();
            rewritten.Add((byPath[chunk.Path], new StagedFile(chunk.Path, bytes.Length, FileSum.Of(bytes)), bytes));
        }

        return rewritten;
    }

    private async Task SendFoldersAsync(CancellationToken cancellation)
    {
        foreach (var part in plan.NewFolders.Chunk(FilesPerRequest)) await target.AddFilesAsync(part, [], default, cancellation);
    }

    private async Task SendRewrittenAsync(IEnumerable<(RestoredFile File, StagedFile Staged, byte[] Content)> files, CancellationToken cancellation)
    {
        foreach (var (file, _, content) in files)
        {
            var at = 0;
            do
            {
                var length = Math.Min(content.Length - at, target.MostBytes);
                await AddAsync(file.Source, at, content.AsMemory(at, length), at + length == content.Length, cancellation);
                at += length;
            }
            while (at < content.Length);
        }
    }

    private async Task SendWholeAsync(IReadOnlyList<RestoredFile> files, int count, CancellationToken cancellation)
    {
        foreach (var part in files.Chunk(FilesPerRequest))
        {
            var byPath = part.ToDictionary(file => file.Path, file => file.Source, StringComparer.Ordinal);
            await foreach (var chunk in clone.GetAsync(FileRoot.Content, [.. byPath.Keys], cancellation))
            {
                Require(chunk);
                await AddAsync(byPath[chunk.Path], chunk.Offset, chunk.Data, chunk.IsLast, cancellation);
                if (chunk.IsLast) _done++;
                progress.Advance(chunk.Data.Length, "Bringing files", _done, count);
            }
        }
    }

    private async Task AddAsync(SourceFile file, long offset, ReadOnlyMemory<byte> data, bool isLast, CancellationToken cancellation)
    {
        if (_bytes.WrittenCount > 0 && _bytes.WrittenCount + data.Length > target.MostBytes) await FlushAsync(cancellation);
        _pieces.Add([file.Path, offset, data.Length, isLast ? 1 : 0, file.ModifiedUnix, file.Mode]);
        _bytes.Write(data.Span);
        if (_pieces.Count >= FilesPerRequest) await FlushAsync(cancellation);
    }

    private async Task FlushAsync(CancellationToken cancellation)
    {
        if (_pieces.Count == 0) return;
        await target.AddFilesAsync([], _pieces, _bytes.WrittenMemory, cancellation);
        _pieces.Clear();
        _bytes.ResetWrittenCount();
    }

    private static void Require(FileChunk chunk)
    {
        if (chunk.Fault is { } fault) throw ImportFault.Verification($"The clone's {chunk.Path} cannot be read ({fault}).");
    }
}
