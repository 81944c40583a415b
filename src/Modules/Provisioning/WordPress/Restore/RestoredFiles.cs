using System.Text.RegularExpressions;
using CloneHub.Provisioning.WordPress.Import;

namespace CloneHub.Provisioning.WordPress.Restore;

internal enum MoveKind
{
    Add,
    Replace,
    Remove,
}

/// <summary>One entry below wp-content that changes its place.</summary>
internal sealed record FileMove(string Path, MoveKind Kind);

/// <param name="IsRewritten">Holds addresses of the clone.</param>
internal sealed record RestoredFile(SourceFile Source, bool IsRewritten)
{
    public string Path => Source.Path;
}

/// <summary>
/// Which files below wp-content a site gets, told by their sums: what is the same on both sides does not travel and is not touched. Where the
/// site has more than the clone that stays, but for files inside a plugin or a theme that comes from the clone.
/// </summary>
internal sealed partial class RestoredFiles
{
    private const long LargestRewritten = 2 << 20;

    private readonly RestoreRules _rules;
    private readonly Dictionary<string, SourceFile> _clone;
    private readonly Dictionary<string, SourceFile> _target;

    public RestoredFiles(RestoreRules rules, IEnumerable<SourceFile> clone, IEnumerable<SourceFile> target)
    {
        _rules = rules;
        _clone = clone.Where(file => IsRestored(file) && file.Kind != SourceFileKind.Link).ToDictionary(file => file.Path, StringComparer.Ordinal);
        _target = target.Where(IsRestored).ToDictionary(file => file.Path, StringComparer.Ordinal);
        Changed = [.. _clone.Values.Where(IsNew).Select(file => new RestoredFile(file, IsGenerated(file)))];
        NewFolders = [.. _clone.Values.Where(file => file.Kind == SourceFileKind.Directory && !IsThere(file)).Select(file => file.Path)];
    }

    /// <summary>Files that differ, or that only the clone has.</summary>
    public IReadOnlyList<RestoredFile> Changed { get; }

    public IReadOnlyList<string> NewFolders { get; }

    /// <summary>Number of files that the site has and will not have.</summary>
    public int LeftOver => _target.Values.Count(file => file.Kind == SourceFileKind.File && IsLeftOver(file));

    /// <summary>The changes of places that bring them, outermost only: a folder that is new as a whole is moved as one.</summary>
    /// <param name="files">Of <see cref="Changed"/> those that differ once their addresses are the site's.</param>
    public IReadOnlyList<FileMove> MovesFor(IEnumerable<RestoredFile> files)
    {
        var moves = new SortedDictionary<string, MoveKind>(StringComparer.Ordinal);
        foreach (var path in files.Select(file => file.Path).Concat(NewFolders))
        {
            var (top, kind) = Outermost(path);
            moves[top] = kind;
        }

        foreach (var file in _target.Values.Where(IsLeftOver))
            moves[OutermostLeftOver(file.Path)] = MoveKind.Remove;
        return [.. moves.Select(move => new FileMove(move.Key, move.Value))];
    }

    /// <summary>What the site already has, by its sum; null if it has nothing or something else there.</summary>
    public string? SumAtTarget(string path) => _target.GetValueOrDefault(path)?.Md5;

    /// <summary>The clone's plugins, by their folders, that the site lacks.</summary>
    public static IReadOnlyList<string> MissingPlugins(IEnumerable<string> active, IEnumerable<SourceFile> target)
    {
        var there = target.Select(file => file.Path).ToHashSet(StringComparer.Ordinal);
        return [.. active.Where(plugin => plugin != CustomMigratorPackage.PluginFile && !there.Contains($"plugins/{plugin}")).Order(StringComparer.Ordinal)];
    }

    private bool IsNew(SourceFile file) => file.Kind == SourceFileKind.File && !(IsThere(file) && _target[file.Path].Md5 == file.Md5);

    private bool IsThere(SourceFile file) => _target.TryGetValue(file.Path, out var other) && other.Kind == file.Kind;

    /// <summary>Generated CSS and JSON below uploads has addresses of its site.</summary>
    private static bool IsGenerated(SourceFile file) =>
        file.Size <= LargestRewritten && file.Path.StartsWith("uploads/", StringComparison.Ordinal)
        && (file.Path.EndsWith(".css", StringComparison.OrdinalIgnoreCase) || file.Path.EndsWith(".json", StringComparison.OrdinalIgnoreCase));

    private (string Path, MoveKind Kind) Outermost(string path)
    {
        for (var end = path.IndexOf('/', StringComparison.Ordinal); end > 0; end = path.IndexOf('/', end + 1))
        {
            var folder = path[..end];
            if (!_target.TryGetValue(folder, out var there)) return (folder, MoveKind.Add);
            if (there.Kind != SourceFileKind.Directory) return (folder, MoveKind.Replace);
        }

        return (path, _target.ContainsKey(path) ? MoveKind.Replace : MoveKind.Add);
    }

    /// <summary>Something inside a plugin or theme of the clone that the clone does not have.</summary>
    private bool IsLeftOver(SourceFile file)
    {
        var parts = file.Path.Split('/');
        return parts.Length > 2 && parts[0] is "plugins" or "themes" && _clone.ContainsKey($"{parts[0]}/{parts[1]}") && !_clone.ContainsKey(file.Path)
            && !parts.Index().Skip(2).Any(part => _clone.TryGetValue(string.Join('/', parts[..part.Index]), out var outer) && outer.Kind != SourceFileKind.Directory);
    }

    private string OutermostLeftOver(string path)
    {
        for (var end = path.IndexOf('/', path.IndexOf('/', StringComparison.Ordinal) + 1); end > 0; end = path.IndexOf('/', end + 1))
            if (!_clone.ContainsKey(path[..end])) return path[..end];
        return path;
    }

    /// <summary>Whether an entry is one of those that a clone may bring back. Files directly in wp-content belong to the site's server.</summary>
    private bool IsRestored(SourceFile file)
    {
        var parts = file.Path.Split('/', 3);
        if (parts[0].StartsWith('.') || parts[0] is "mu-plugins") return false;
        if (parts.Length == 1) return file.Kind == SourceFileKind.Directory;
        return parts[0] switch
        {
            "plugins" => !_rules.PreservePlugins && parts[1] != CustomMigratorPackage.Folder && !Connector().IsMatch(parts[1]) && !ProtectedPlugins.Folders.Contains(parts[1]),
            "themes" => !_rules.PreserveThemes,
            _ => true,
        };
    }

    [GeneratedRegex(@"\A" + ConnectorBuild.FolderPattern + @"\z")]
    private static partial Regex Connector();
}
