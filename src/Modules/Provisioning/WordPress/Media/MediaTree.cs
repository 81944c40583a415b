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
    public string PartOf(PlannedFile entry) => IsKept(entry) ? folder.PartOf(FileParts.KeptName(entry)) : folder.NewPart();

    public bool IsKept(PlannedFile entry) => FileParts.CanBeKept(entry);

    public void Settle(PlannedFile entry, string part)
    {
        FileTree.Finish(entry, part);
        if (owner is not null) NativeFile.ChangeOwner(part, owner);
        if (!AtHeld(entry, path => File.Move(part, path, overwrite: true))) File.Delete(part);
    }

    /// <summary>Its content has neither come nor been given up.</summary>
    internal bool IsHeld(PlannedFile entry) => IsHeld(root, entry.Place);

    /// <param name="place">From a visitor: may be anything.</param>
    internal static bool IsHeld(DirectoryInfo root, string place) => !place.Split('/').Any(part => part is "" or "." or "..") && AtHeld(root, place, _ => { });

    internal void GiveUp(PlannedFile entry)
    {
        AtHeld(entry, File.Delete);
        if (IsKept(entry)) File.Delete(PartOf(entry));
    }

    /// <summary>An earlier try has brought a part of it.</summary>
    internal bool IsBegun(PlannedFile entry) => IsKept(entry) && File.Exists(PartOf(entry));

    /// <summary>Reads back what there is. Nothing is held any more.</summary>
    internal async Task<MediaFacts> CompareAsync(IReadOnlyCollection<PlannedFile> files, IReadOnlyDictionary<string, MediaArrival> arrivals, CancellationToken cancellation)
    {
        var compared = new ConcurrentDictionary<string, CopiedFile>(StringComparer.Ordinal);
        var (missing, altered) = (0L, 0L);
        var notes = new ImportWarnings();
        await FileSum.ForEachAsync(files, (entry, token) =>
        {
            var arrival = arrivals.GetValueOrDefault(entry.Place) ?? new MediaArrival(entry.Place, entry.Source.Size, entry.Source.Md5, HasChanged: false, Fault: null);
            var there = Read(entry, token);
            if (there is null && arrival.Fault is { } fault)
            {
                Interlocked.Increment(ref missing);
                notes.Count("Media that could not be had are missing", $"{entry.Place} ({fault})");
            }
            else if (there is null || there.Length != arrival.Length || !string.Equals(there.Md5, arrival.Md5 ?? there.Md5, StringComparison.OrdinalIgnoreCase))
            {
                Interlocked.Increment(ref altered);
            }
            else
            {
                compared[entry.Place] = there;
                if (arrival.HasChanged) notes.Count("Media that the source changed before they came are as it had them last", entry.Place);
            }
        }, cancellation);
        var sum = FileTree.SumOf(compared.Select(file => (file.Value.Md5!, file.Key)));
        return new MediaFacts(new FilesProof(compared.Count, compared.Values.Sum(file => file.Length), Rewritten: 0, sum, sum), missing, altered, notes.ToList());
    }

    /// <returns>Null if no file is there. Something that is none, a link or a pipe, is as good as that.</returns>
    private CopiedFile? Read(PlannedFile entry, CancellationToken cancellation)
    {
        using var pinned = PinnedFolder.Holding(root, entry.Place);
        if (pinned is null) return null;
        using var file = pinned.OpenRead(Path.GetFileName(entry.Place));
        if (file is not { CanSeek: true }) return null;
        var sum = FileSum.Of(file.SafeFileHandle, cancellation);
        return new CopiedFile(file.Length, sum, sum);
    }

    /// <returns>False if the place is not held; then nothing was done.</returns>
    private bool AtHeld(PlannedFile entry, Action<string> work) => AtHeld(root, entry.Place, work);

    private static bool AtHeld(DirectoryInfo root, string place, Action<string> work)
    {
        using var pinned = PinnedFolder.Holding(root, place);
        if (pinned is null) return false;
        var path = pinned.PathOf(Path.GetFileName(place));
        if (new FileInfo(path) is not { Exists: true, LinkTarget: null, UnixFileMode: UnixFileMode.None }) return false;
        work(path);
        return true;
    }
}
