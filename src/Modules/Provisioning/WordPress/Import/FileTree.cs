using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CloneHub.Contracts;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>A file of the clone.</summary>
/// <param name="Length">Bytes, in the clone.</param>
/// <param name="SourceMd5">Null where the source did not tell it and the file had come before.</param>
/// <param name="Md5">Of the file in the clone; another one where addresses were rewritten.</param>
internal sealed record CopiedFile(long Length, string? SourceMd5, string? Md5);

/// <summary>The clone's document root. Every path in here has passed <see cref="TreePath.Resolve"/>.</summary>
/// <param name="uploads">Folder of uploads below the root.</param>
/// <param name="keepsParts">In the folder of the import's account, which is there.</param>
internal sealed class FileTree(CloneTarget target, string uploads = FilePlan.UsualUploads, bool keepsParts = false) : IFilePlaces
{
    private const UnixFileMode DirectoryMode = (UnixFileMode)0b111_101_101;
    private const int NoMoreThan = 0b111_101_101;
    private const int AtLeast = 0b110_100_100;

    private static readonly Comparer<byte[]> Bytes = Comparer<byte[]>.Create((one, other) => one.AsSpan().SequenceCompareTo(other));

    /// <summary>What is in the tree without having come from the source.</summary>
    private static readonly string[] OwnEntries = ["wp-config.php", $"{FilePlan.ContentFolder}/plugins/{CustomMigratorPackage.Folder}"];

    internal string PathOf(PlannedFile entry) => Path.Combine(target.Root.FullName, entry.Place);

    /// <summary>Where a file grows until it is complete; what a crash leaves of one that is not kept is an extra for the next attempt.</summary>
    public string PartOf(PlannedFile entry) => IsKept(entry)
        ? Path.Combine(target.Account.FullName, FileParts.KeptName(entry))
        : Path.Combine(Path.GetDirectoryName(PathOf(entry))!, $".clonehub-{Guid.NewGuid():N}.part");

    public bool IsKept(PlannedFile entry) => keepsParts && FileParts.CanBeKept(entry);

    internal void RemoveExtras(IReadOnlyList<PlannedFile> plan)
    {
        Directory.CreateDirectory(target.ContentRoot);
        var directories = plan.Where(entry => entry.Source.Kind == SourceFileKind.Directory).Select(entry => entry.Place).Concat(Parents(plan)).ToHashSet(StringComparer.Ordinal);
        var files = plan.Where(entry => entry.Source.Kind == SourceFileKind.File).Select(entry => entry.Place).ToHashSet(StringComparer.Ordinal);
        Sweep(target.Root, "", directories, files);
    }

    internal void MakeDirectories(IReadOnlyList<PlannedFile> plan)
    {
        var wanted = plan.Where(entry => entry.Source.Kind == SourceFileKind.Directory).Select(entry => entry.Place).Concat(Parents(plan))
            .Append(FilePlan.ContentFolder).Append(uploads).Concat(ParentsOf(uploads)).Append($"{FilePlan.ContentFolder}/plugins").Distinct(StringComparer.Ordinal);
        foreach (var directory in wanted.Order(StringComparer.Ordinal)) Make(Path.Combine(target.Root.FullName, directory));
    }

    /// <summary>
    /// A second name for the store's file where PHP runs under another account and cannot write to it; else a copy, because one clone's
    /// update of its core would write through into the store and every other clone.
    /// </summary>
    internal void LinkFrom(FileInfo stored, PlannedFile entry)
    {
        var path = PathOf(entry);
        var present = new FileInfo(path);
        if (present.Exists && present.Length == stored.Length && present.LastWriteTimeUtc == stored.LastWriteTimeUtc) return;
        present.Delete();
        if (target.Owner is not null && NativeFile.TryHardLink(stored.FullName, path)) return;
        stored.CopyTo(path);
    }

    /// <summary>True if an earlier attempt already brought this file. One that was rewritten is told by <see cref="CheckedFiles"/> alone.</summary>
    internal bool Has(PlannedFile entry, CancellationToken cancellation)
    {
        var file = new FileInfo(PathOf(entry));
        if (entry.IsRewritten || !file.Exists || file.Length != entry.Source.Size) return false;
        if (entry.Source.Md5 is null) return file.LastWriteTimeUtc == DateTimeOffset.FromUnixTimeSeconds(entry.Source.ModifiedUnix).UtcDateTime;
        return string.Equals(FileSum.Of(file, cancellation), entry.Source.Md5, StringComparison.OrdinalIgnoreCase);
    }

    public void Settle(PlannedFile entry, string part)
    {
        Finish(entry, part);
        File.Move(part, PathOf(entry), overwrite: true);
    }

    /// <summary>Gives a complete file the rights and the time of the source's.</summary>
    internal static void Finish(PlannedFile entry, string part)
    {
        NativeFile.SetMode(part, (UnixFileMode)((entry.Source.Mode & NoMoreThan) | AtLeast));
        File.SetLastWriteTimeUtc(part, DateTimeOffset.FromUnixTimeSeconds(entry.Source.ModifiedUnix).UtcDateTime);
    }

    /// <summary>
    /// Keeps the place of a file that comes later, by one of its length and time that takes no room and that nobody may read. Without it WordPress would give its
    /// name to the next upload.
    /// </summary>
    internal void Hold(PlannedFile entry)
    {
        File.Delete(PathOf(entry));
        NativeFile.CreateClosed(PathOf(entry), entry.Source.Size);
        File.SetLastWriteTimeUtc(PathOf(entry), DateTimeOffset.FromUnixTimeSeconds(entry.Source.ModifiedUnix).UtcDateTime);
    }

    internal void MakeLink(PlannedFile link, string destination)
    {
        File.CreateSymbolicLink(PathOf(link), destination);
    }

    /// <summary>The web user may change all of wp-content: plugins, themes, languages; and the uploads, wherever they are.</summary>
    internal void Own()
    {
        if (target.Owner is not { } owner) return;
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 };
        foreach (var folder in OwnFolders())
        {
            NativeFile.ChangeOwner(folder, owner);
            foreach (var entry in Directory.EnumerateFileSystemEntries(folder, "*", options)) NativeFile.ChangeOwner(entry, owner);
        }
    }

    private IEnumerable<string> OwnFolders()
    {
        yield return target.ContentRoot;
        if (!uploads.StartsWith(FilePlan.ContentFolder + "/", StringComparison.Ordinal)) yield return Path.Combine(target.Root.FullName, uploads);
    }

    /// <summary>Each expected file is there with its content, and no other; those that were not read back before are now.</summary>
    /// <param name="held">Places of what comes later.</param>
    /// <param name="known">Sums of those that were read back before.</param>
    /// <param name="onRead">Gets the place and the sum of each of the others that is as expected.</param>
    internal async Task<FilesProof> VerifyAsync(
        ConcurrentDictionary<string, CopiedFile> expected, HashSet<string> held, CancellationToken cancellation, ConcurrentDictionary<string, string>? known = null,
        Action<string, string>? onRead = null)
    {
        var problems = new ConcurrentBag<string>();
        var sums = known ?? new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        await FileSum.ForEachAsync(expected, (copied, token) =>
        {
            var (place, wanted) = copied;
            var file = new FileInfo(Path.Combine(target.Root.FullName, place));
            if (!file.Exists) problems.Add($"{place} is missing");
            else if (file.Length != wanted.Length) problems.Add($"{place} has {file.Length} bytes instead of {wanted.Length}");
            else if (!sums.ContainsKey(place))
            {
                // One text for both where they are the same: a large site has tens of thousands of files.
                var sum = FileSum.Of(file, token);
                sums[place] = sum == wanted.Md5 ? wanted.Md5 : sum;
                if (wanted.Md5 is not null && !string.Equals(sum, wanted.Md5, StringComparison.OrdinalIgnoreCase)) problems.Add($"{place} has another content than was sent");
                else onRead?.Invoke(place, sum);
            }
        }, cancellation);
        foreach (var extra in Places().Where(place => !expected.ContainsKey(place) && !held.Contains(place) && !IsOwn(place))) problems.Add($"{extra} does not belong");
        if (!problems.IsEmpty) throw ImportFault.Verification($"The clone's files differ from the source's: {string.Join("; ", problems.Order(StringComparer.Ordinal).Take(5))}.");
        var rewritten = expected.Values.Count(file => file.SourceMd5 != file.Md5);
        return new FilesProof(
            expected.Count, expected.Values.Sum(file => file.Length), rewritten,
            SumOf(sums.Select(file => (expected[file.Key].SourceMd5?.ToLowerInvariant() ?? file.Value, file.Key))), SumOf(sums.Select(file => (file.Value, file.Key))));
    }

    private IEnumerable<string> Places() => Directory
        .EnumerateFiles(target.Root.FullName, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint })
        .Select(file => Path.GetRelativePath(target.Root.FullName, file));

    /// <summary>Of the lines that md5sum prints, in the order of the names' bytes.</summary>
    internal static string SumOf(IEnumerable<(string Md5, string Place)> files)
    {
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var line in files.Select(file => (Name: Encoding.UTF8.GetBytes(file.Place), file.Md5)).OrderBy(line => line.Name, Bytes))
        {
            sum.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{line.Md5}  ")));
            sum.AppendData(line.Name);
            sum.AppendData("\n"u8);
        }

        return Convert.ToHexStringLower(sum.GetHashAndReset());
    }

    private static void Sweep(DirectoryInfo folder, string place, HashSet<string> directories, HashSet<string> files)
    {
        foreach (var entry in folder.EnumerateFileSystemInfos("*", new EnumerationOptions { AttributesToSkip = 0 }))
        {
            var inner = place.Length == 0 ? entry.Name : $"{place}/{entry.Name}";
            if (IsOwn(inner)) continue;
            if (entry.LinkTarget is not null) entry.Delete();
            else if (entry is DirectoryInfo directory)
            {
                if (directories.Contains(inner) || OwnEntries.Any(own => own.StartsWith(inner + "/", StringComparison.Ordinal))) Sweep(directory, inner, directories, files);
                else directory.Delete(recursive: true);
            }
            else if (!files.Contains(inner)) entry.Delete();
        }
    }

    private static bool IsOwn(string place) =>
        OwnEntries.Any(own => place == own || place.StartsWith(own + "/", StringComparison.Ordinal));

    private static IEnumerable<string> Parents(IReadOnlyList<PlannedFile> plan)
    {
        foreach (var entry in plan)
            foreach (var parent in ParentsOf(entry.Place)) yield return parent;
    }

    private static IEnumerable<string> ParentsOf(string place)
    {
        for (var slash = place.LastIndexOf('/'); slash > 0; slash = place.LastIndexOf('/', slash - 1)) yield return place[..slash];
    }

    private static void Make(string directory)
    {
        Directory.CreateDirectory(directory);
        NativeFile.SetMode(directory, DirectoryMode);
    }
}
