using System.Globalization;
using System.Text.RegularExpressions;
using CloneHub.Contracts;

namespace CloneHub.Provisioning.WordPress.Restore;

/// <summary>What would go wrong, or be lost, though tables and files alone do not tell it.</summary>
internal static partial class RestoreChecks
{
    /// <summary>For what a restore writes beside rows and files.</summary>
    private const long Margin = 64 << 20;

    /// <summary>Of rows the estimate counts neither indexes nor what the server notes to undo them.</summary>
    private const int RowsWithIndexes = 2;

    /// <summary>Why what is brought finds no room; null if it does, or if the site cannot tell. What an earlier attempt brought lies there already.</summary>
    public static string? Shortage(TargetInspection site, long files, long tables)
    {
        if (site.DiskFree <= 0 || site.State is not null) return null;
        var needed = files + Margin + (site.WithDatabase ? RowsWithIndexes * tables : 0);
        return site.DiskFree >= needed ? null : string.Create(CultureInfo.InvariantCulture, $"it has {site.DiskFree >> 20} MB of free disk space and needs {needed >> 20} MB");
    }

    /// <summary>What was updated at the site and would be put back.</summary>
    public static IReadOnlyList<string> PutBack(IEnumerable<ExtensionPlan> extensions) =>
        [.. extensions.Where(each => !each.Stays && IsNewer(each.SiteVersion, each.CloneVersion)).Select(each => $"{Called(each)} {each.Name} would go back from version {each.SiteVersion} to {each.CloneVersion}")];

    /// <summary>What stays, and meets rows that another version of it has written.</summary>
    public static IReadOnlyList<string> OtherVersions(IEnumerable<ExtensionPlan> extensions) =>
    [
        .. extensions.Where(each => each is { Stays: true, ActiveInClone: true, ActiveAfterwards: true, SiteVersion.Length: > 0, CloneVersion.Length: > 0 } && each.SiteVersion != each.CloneVersion)
            .Select(each => $"{Called(each)} {each.Name} {each.SiteVersion} ({each.CloneVersion} in the clone)"),
    ];

    private static string Called(ExtensionPlan extension) => extension.Kind is ExtensionKind.Theme ? "theme" : "plugin";

    /// <summary>By the numbers in it, from left to right; one that is missing counts as 0.</summary>
    private static bool IsNewer(string? one, string? other)
    {
        if (one is null or "" || other is null or "") return false;
        var (ours, theirs) = (Numbers(one), Numbers(other));
        for (var at = 0; at < Math.Max(ours.Count, theirs.Count); at++)
            if (ours.ElementAtOrDefault(at).CompareTo(theirs.ElementAtOrDefault(at)) is var order and not 0) return order > 0;
        return false;
    }

    private static List<long> Numbers(string version) =>
        [.. Number().Matches(version).Select(number => long.TryParse(number.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : long.MaxValue)];

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Number();
}
