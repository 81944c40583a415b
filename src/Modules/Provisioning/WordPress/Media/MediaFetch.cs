using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Globalization;
using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress.Import;

namespace CloneHub.Provisioning.WordPress.Media;

/// <summary>
/// Brings the media of one clone that serves. Visitors and the step that fetches the rest share it, so that no file travels twice: whoever comes second waits for the first.
/// </summary>
internal sealed class MediaFetch : IAsyncDisposable
{
    /// <summary>Small ones: a visitor may wait for a file that is the last of its batch.</summary>
    private const int BatchFiles = 50;
    private const long BatchBytes = 2 << 20;
    private const int Streams = 2;

    /// <summary>Files that visitors wait for and that the source is asked for at once: it has visitors of its own.</summary>
    private const int ForVisitors = 4;

    /// <summary>A visitor is told to come again then; the file goes on coming. Less than the visit before the handover waits, to which it is told as well.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _forVisitors = new(ForVisitors);
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _coming = new(StringComparer.Ordinal);
    private readonly FrozenDictionary<string, PlannedFile> _files;
    private readonly SourceChannel _source;
    private readonly MediaFolder _folder;
    private readonly MediaTree _tree;
    private readonly TimeProvider _clock;
    private int _there;

    public MediaFetch(MediaManifest manifest, SourceChannel source, DirectoryInfo root, MediaFolder folder, TimeProvider clock)
    {
        foreach (var file in manifest.Files) TreePath.Resolve(root.FullName, file.Place);
        _files = manifest.Files.ToFrozenDictionary(file => file.Place, StringComparer.Ordinal);
        _source = source;
        _folder = folder;
        _tree = new MediaTree(root, folder, manifest.Owner);
        _clock = clock;
    }

    /// <summary>If a file of this place is awaited, it is there afterwards, or it is known that it cannot be had.</summary>
    /// <exception cref="Exception">It cannot be had now.</exception>
    public async Task BringAsync(string place, CancellationToken visitor)
    {
        if (!_files.TryGetValue(place, out var entry)) return;
        while (_tree.IsHeld(entry))
        {
            var own = NewTurn();
            var coming = _coming.GetOrAdd(place, own);

            // Not the visitor's own: others wait for it, and it is needed anyway.
            if (coming == own) _ = BringAloneAsync(entry, own);
            await coming.Task.WaitAsync(Patience, _clock, visitor);
        }
    }

    /// <summary>All that is still awaited, what came last to the source first.</summary>
    /// <param name="turns">Taken for each batch: other clones want theirs.</param>
    public async Task BringAllAsync(SemaphoreSlim turns, IProgress<ContentProgress> progress, Func<CancellationToken, Task> ensureFence, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _stop.Token);
        while (_files.Values.Where(_tree.IsHeld).OrderByDescending(file => file.Source.ModifiedUnix).ToList() is { Count: > 0 } held)
        {
            Volatile.Write(ref _there, _files.Count - held.Count);
            await Parallel.ForEachAsync(Batches(held), new ParallelOptions { MaxDegreeOfParallelism = Streams, CancellationToken = either.Token }, async (batch, token) =>
            {
                await turns.WaitAsync(token);
                try
                {
                    await ensureFence(token);
                    await BringBatchAsync(batch, token);
                }
                finally
                {
                    turns.Release();
                }

                var there = Math.Min(Volatile.Read(ref _there), _files.Count);
                progress.Report(new ContentProgress((double)there / _files.Count, string.Create(CultureInfo.InvariantCulture, $"Fetching media: {there:N0} of {_files.Count:N0}")));
            });

            // What was left out is on its way for a visitor.
            await WhenNoneComesAsync().WaitAsync(either.Token);
        }
    }

    /// <summary>From now on visitors get what is there; what has not come is given up. Compares all of it. Nothing can be brought afterwards.</summary>
    public async Task<MediaFacts> ConcludeAsync(CancellationToken cancellation)
    {
        _folder.StopAwaiting();
        await _stop.CancelAsync();
        await WhenNoneComesAsync();
        foreach (var entry in _files.Values.Where(_tree.IsHeld)) Miss(entry, "it was given up");
        return await _tree.CompareAsync(_files.Values, await _folder.ReadArrivalsAsync(cancellation), cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await WhenNoneComesAsync();
        await _source.DisposeAsync();
        _forVisitors.Dispose();
        _stop.Dispose();
    }

    private async Task WhenNoneComesAsync() => await Task.WhenAll(_coming.Values.Select(turn => turn.Task)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private static TaskCompletionSource NewTurn() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static IEnumerable<PlannedFile[]> Batches(IEnumerable<PlannedFile> files) => FileBatches.Of(files, BatchFiles, BatchBytes);

    private async Task BringAloneAsync(PlannedFile entry, TaskCompletionSource turn)
    {
        try
        {
            await _forVisitors.WaitAsync(_stop.Token);
            try
            {
                // Another one may have brought it between the look at its place and this turn.
                if (_tree.IsHeld(entry)) await TransferAloneAsync(entry, _stop.Token);
            }
            finally
            {
                _forVisitors.Release();
            }

            Release(entry);
        }
        catch (Exception trouble)
        {
            // Whoever waits is told; whoever comes next tries again.
            _coming.TryRemove(entry.Place, out _);
            turn.TrySetException(trouble);
        }
    }

    private async Task BringBatchAsync(PlannedFile[] batch, CancellationToken cancellation)
    {
        var mine = batch.Where(entry => _coming.TryAdd(entry.Place, NewTurn())).ToList();
        try
        {
            await TransferAsync([.. mine.Where(_tree.IsHeld)], cancellation);
        }
        catch (StepFaultException damaged) when (damaged.Fault.Code == ImportFault.VerifyFailed)
        {
            // One of them; alone it is known which.
            foreach (var entry in mine.Where(_tree.IsHeld)) await TransferAloneAsync(entry, cancellation);
        }
        finally
        {
            mine.ForEach(Release);
        }
    }

    private async Task TransferAloneAsync(PlannedFile entry, CancellationToken cancellation)
    {
        var wasBegun = _tree.IsBegun(entry);
        try
        {
            await TransferAsync([entry], cancellation);
        }
        catch (StepFaultException damaged) when (damaged.Fault.Code == ImportFault.VerifyFailed)
        {
            // The part that was there may have been another file's, and is gone now.
            if (wasBegun) await TransferAloneAsync(entry, cancellation);
            else Miss(entry, "it is not the file that the source listed");
        }
    }

    private async Task TransferAsync(IReadOnlyList<PlannedFile> entries, CancellationToken cancellation)
    {
        if (entries.Count == 0) return;
        var named = entries.ToDictionary(entry => entry.Source.Path, StringComparer.Ordinal);
        using var writer = new FileBatchWriter(_tree, entries, rewriter: null);
        await foreach (var chunk in _source.GetAsync(entries[0].Root, [.. named.Keys], cancellation, writer.GoOn()))
        {
            var arrived = writer.Write(chunk);
            if (chunk.Fault is { } fault) Miss(named[chunk.Path], fault);
            else if (arrived is not null) _folder.Note(new MediaArrival(arrived.Place, arrived.File.Length, arrived.File.Md5, arrived.HasChanged, Fault: null));
            if (chunk.Fault is null && arrived is null) continue;
            Interlocked.Increment(ref _there);
            Release(named[chunk.Path]);
        }

        writer.EnsureComplete();
    }

    private void Miss(PlannedFile entry, string why)
    {
        _folder.Note(new MediaArrival(entry.Place, 0, null, HasChanged: false, why));
        _tree.GiveUp(entry);
    }

    private void Release(PlannedFile entry)
    {
        if (_coming.TryRemove(entry.Place, out var turn)) turn.TrySetResult();
    }
}
