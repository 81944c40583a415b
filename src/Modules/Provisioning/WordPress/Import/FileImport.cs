using System.Collections.Concurrent;
using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress.Rewriting;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>
/// Makes the clone's tree equal to the source's: links what the core store has, keeps what an earlier attempt brought, fetches the rest,
/// removes what does not belong, and counts everything in the end.
/// </summary>
/// <param name="known">What earlier attempts have read back, and learns what this one does.</param>
internal sealed class FileImport(
    CloneTarget target, string uploads, ContentRewriter rewriter, ImportWarnings warnings, ImportProgress progress, Func<CancellationToken, Task> ensureFence, CheckedFiles known)
{
    private const int BatchFiles = 500;
    private const long BatchBytes = 8 << 20;

    /// <summary>With the one of tables three answers at once: many hosts give a site four or five workers of PHP, and its visitors need one.</summary>
    private const int Streams = 2;

    private readonly FileTree _tree = new(target, uploads, keepsParts: true);

    /// <param name="comesLater">Files whose places are held only.</param>
    internal async Task<FilesProof> RunAsync(
        IReadOnlyList<PlannedFile> plan, CoreStore? store, Func<FileRoot, IReadOnlyList<string>, FileStart?, CancellationToken, IAsyncEnumerable<FileChunk>> get,
        CancellationToken cancellation, Predicate<PlannedFile>? comesLater = null)
    {
        var held = comesLater is null ? [] : plan.Where(entry => comesLater(entry)).ToHashSet();
        foreach (var entry in plan) TreePath.Resolve(target.Root.FullName, entry.Place);
        await ensureFence(cancellation);
        var expected = new ConcurrentDictionary<string, CopiedFile>(StringComparer.Ordinal);
        var sums = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        List<PlannedFile> missing;
        using (ProvisioningTelemetry.StartPart("place files"))
        {
            _tree.RemoveExtras(plan);
            _tree.MakeDirectories(plan);
            foreach (var entry in held) _tree.Hold(entry);
            missing = await LinkKnownAsync([.. plan.Where(entry => !held.Contains(entry))], store, expected, sums, cancellation);
        }

        using (ProvisioningTelemetry.StartPart("fetch files")) await FetchAsync(missing, get, expected, cancellation);
        foreach (var link in plan.Where(entry => entry.Source.Kind == SourceFileKind.Link)) MakeLink(link);
        _tree.Own();
        var entries = plan.ToDictionary(entry => entry.Place, StringComparer.Ordinal);
        using (ProvisioningTelemetry.StartPart("check files"))
            return await _tree.VerifyAsync(expected, [.. held.Select(entry => entry.Place)], cancellation, sums, (place, sum) => Remember(entries[place], expected[place], sum));
    }

    private async Task<List<PlannedFile>> LinkKnownAsync(
        IReadOnlyList<PlannedFile> plan, CoreStore? store, ConcurrentDictionary<string, CopiedFile> expected, ConcurrentDictionary<string, string> sums, CancellationToken cancellation)
    {
        var missing = new ConcurrentBag<PlannedFile>();
        await FileSum.ForEachAsync(
            plan.Where(entry => entry.Source.Kind == SourceFileKind.File),
            (entry, token) =>
            {
                if ((Linked(entry, store, sums, token) ?? Brought(entry, sums, token)) is { } here) expected[entry.Place] = here;
                else missing.Add(entry);
            },
            cancellation);
        return [.. missing];
    }

    private CopiedFile? Linked(PlannedFile entry, CoreStore? store, ConcurrentDictionary<string, string> sums, CancellationToken cancellation)
    {
        if (store is null || entry.Root != FileRoot.Core || store.Find(entry.Source, cancellation) is not { } stored) return null;
        _tree.LinkFrom(stored, entry);
        if (known.Find(entry, new FileInfo(_tree.PathOf(entry))) is { } read) sums[entry.Place] = read.Md5;
        return new CopiedFile(entry.Source.Size, entry.Source.Md5, entry.Source.Md5);
    }

    /// <summary>What an earlier attempt has brought. That is read once, here or in the end, in whichever attempt.</summary>
    private CopiedFile? Brought(PlannedFile entry, ConcurrentDictionary<string, string> sums, CancellationToken cancellation)
    {
        if (known.Find(entry, new FileInfo(_tree.PathOf(entry))) is { } read)
        {
            sums[entry.Place] = read.Md5;
            return new CopiedFile(read.Length, read.SourceMd5, read.Md5);
        }

        if (!_tree.Has(entry, cancellation)) return null;
        var file = new CopiedFile(entry.Source.Size, entry.Source.Md5, entry.Source.Md5);
        if (entry.Source.Md5 is not { } sum) return file;
        sums[entry.Place] = sum;
        Remember(entry, file, sum);
        return file;
    }

    private void Remember(PlannedFile entry, CopiedFile file, string sum) =>
        known.Add(new CheckedFile(entry.Place, entry.Source.Size, entry.Source.ModifiedUnix, file.SourceMd5, file.Length, sum));

    private async Task FetchAsync(
        List<PlannedFile> missing, Func<FileRoot, IReadOnlyList<string>, FileStart?, CancellationToken, IAsyncEnumerable<FileChunk>> get,
        ConcurrentDictionary<string, CopiedFile> expected, CancellationToken cancellation)
    {
        progress.Expect(missing.Sum(entry => entry.Source.Size));
        var done = 0;
        await Parallel.ForEachAsync(
            FileBatches.Of(missing.OrderBy(entry => entry.Place, StringComparer.Ordinal), BatchFiles, BatchBytes), new ParallelOptions { MaxDegreeOfParallelism = Streams, CancellationToken = cancellation },
            async (batch, token) =>
            {
                await ensureFence(token);
                using var writer = new FileBatchWriter(_tree, batch, rewriter);
                var start = writer.GoOn();
                if (start is not null) progress.Advance(start.Offset, "Copying files", Volatile.Read(ref done), missing.Count);
                await foreach (var chunk in get(batch[0].Root, [.. batch.Select(entry => entry.Source.Path)], start, token))
                {
                    var finished = writer.Write(chunk);
                    if (chunk.Fault is not null) warnings.Count("Files that the source could not read are missing", $"{chunk.Path} ({chunk.Fault})");
                    else if (finished is not null) Note(finished, expected);
                    var count = chunk.IsLast || chunk.Fault is not null ? Interlocked.Increment(ref done) : Volatile.Read(ref done);
                    progress.Advance(chunk.Data.Length, "Copying files", count, missing.Count);
                }

                writer.EnsureComplete();
            });
    }

    private void Note(ArrivedFile file, ConcurrentDictionary<string, CopiedFile> expected)
    {
        expected[file.Place] = file.File;
        if (file.HasChanged) warnings.Count("Files that the source changed while they were copied are as it had them last", file.Place);
    }

    private void MakeLink(PlannedFile link)
    {
        var root = link.Root == FileRoot.Content ? target.ContentRoot : target.Root.FullName;
        if (TreePath.LinkTarget(root, link.Source.Path, link.Source.LinkTarget) is { } destination) _tree.MakeLink(link, destination);
        else warnings.Count("Links that lead out of the site were left out", link.Source.Path);
    }

    /// <summary>Disk space ran out, by the number that Linux gives it.</summary>
    internal static bool IsDiskFull(IOException fault) => (fault.HResult & 0xffff) is 28 or 122 || fault.Message.Contains("No space left", StringComparison.Ordinal);
}
