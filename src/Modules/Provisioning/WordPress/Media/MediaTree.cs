using System.Collections.Concurrent;
using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress.Import;

namespace CloneHub.Provisioning.WordPress.Media;

/// <summary>
/// The places of media in a clone that serves. Each is held by a file that nobody can read (<see cref="FileTree.Hold"/>) until its content comes. What the
/// clone has put there itself or deleted meanwhile is its own, and stays so.
/// </summary>
internal sealed class MediaTree(DirectoryInfo root, MediaFolder folder, FileOwner? owner) : IFilePlaces
{
    public string PartOf(PlannedFile entry) => folder.NewPart();

    public void Settle(PlannedFile entry, string part)
    {
        if (!IsHeld(entry))
        {
            File.Delete(part);
            return;
        }

        FileTree.Finish(entry, part);
        if (owner is not null) NativeFile.ChangeOwner(part, owner);
        File.Move(part, PathOf(entry), overwrite: true);
    }

    /// <summary>Its content has neither come nor been given up.</summary>
    internal bool IsHeld(PlannedFile entry) => new FileInfo(PathOf(entry)) is { Exists: true, UnixFileMode: UnixFileMode.None };

    internal void GiveUp(PlannedFile entry)
    {
        if (IsHeld(entry)) File.Delete(PathOf(entry));
    }

    /// <summary>Reads back what there is. Nothing is held any more.</summary>
    internal async Task<MediaFacts> CompareAsync(IReadOnlyCollection<PlannedFile> files, IReadOnlyDictionary<string, MediaArrival> arrivals, CancellationToken cancellation)
    {
        var compared = new ConcurrentDictionary<string, CopiedFile>(StringComparer.Ordinal);
        var (missing, altered) = (0L, 0L);
        var notes = new ImportWarnings();
        await Parallel.ForEachAsync(files, cancellation, async (entry, token) =>
        {
            var arrival = arrivals.GetValueOrDefault(entry.Place) ?? new MediaArrival(entry.Place, entry.Source.Size, entry.Source.Md5, HasChanged: false, Fault: null);
            var file = new FileInfo(PathOf(entry));
            if (!file.Exists && arrival.Fault is { } fault)
            {
                Interlocked.Increment(ref missing);
                notes.Count("Media that could not be had are missing", $"{entry.Place} ({fault})");
            }
            else if (await ComparedAsync(file, arrival, token) is not { } same)
            {
                Interlocked.Increment(ref altered);
            }
            else
            {
                compared[entry.Place] = same;
                if (arrival.HasChanged) notes.Count("Media that the source changed before they came are as it had them last", entry.Place);
            }
        });
        var proof = new FilesProof(
            compared.Count, compared.Values.Sum(file => file.Length), Rewritten: 0,
            FileTree.SumOf(compared.Select(file => (file.Value.SourceMd5!, file.Key))), FileTree.SumOf(compared.Select(file => (file.Value.Md5!, file.Key))));
        return new MediaFacts(proof, missing, altered, notes.ToList());
    }

    /// <returns>Null if that is not what came.</returns>
    private static async Task<CopiedFile?> ComparedAsync(FileInfo file, MediaArrival arrival, CancellationToken cancellation)
    {
        if (!file.Exists || file.Length != arrival.Length) return null;
        var sum = await FileSum.OfAsync(file, cancellation);
        return string.Equals(sum, arrival.Md5 ?? sum, StringComparison.OrdinalIgnoreCase) ? new CopiedFile(file.Length, sum, sum) : null;
    }

    private string PathOf(PlannedFile entry) => Path.Combine(root.FullName, entry.Place);
}
