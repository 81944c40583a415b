using CloneHub.Contracts;
using TablePlan = CloneHub.Contracts.TablePlan;

namespace CloneHub.Provisioning.WordPress.Restore;

/// <summary>What a restore would do.</summary>
/// <param name="Snapshot">The site's tables that change, as they were when the plan was made.</param>
internal sealed record RestorePlan(PlanFacts Facts, IReadOnlyList<TableMark> Snapshot);

/// <summary>What was brought.</summary>
/// <param name="Marks">Of the tables, without the options.</param>
internal sealed record StagedContent(int Tables, long Rows, long Files, long Bytes, IReadOnlyList<string> Warnings, IReadOnlyList<TableMark> Marks);

/// <summary>Puts a plan in words and numbers for the owner of the site.</summary>
internal static class RestoreOutline
{
    /// <param name="rows">Of the site's tables, where they were counted.</param>
    public static IReadOnlyList<TablePlan> Tables(RestoredTables tables, SourceSchema clone, SourceSchema site, IReadOnlyDictionary<string, long> rows)
    {
        var (there, ours) = (ByName(site), ByName(clone));
        long RowsOfSite(string name) => rows.TryGetValue(name, out var counted) ? counted : there.GetValueOrDefault(name)?.ApproximateRows ?? 0;
        long RowsOfClone(string name) => ours.GetValueOrDefault(name)?.ApproximateRows ?? 0;
        return
        [
            .. tables.Tables.Select(table => new TablePlan(table.Name, RowsOfSite(table.Name), RowsOfClone(table.Name))),
            .. tables.Kept.Order(StringComparer.Ordinal).Select(name => new TablePlan(name, RowsOfSite(name), RowsOfClone(name), Stays: true)),
        ];
    }

    /// <summary>What was not compared stays untold.</summary>
    public static PlanFacts Counted(PlanFacts plan, IReadOnlyDictionary<string, RowDifference> rows) => plan with
    {
        Tables = [.. plan.Tables.Select(table => !table.Stays && rows.TryGetValue(table.Name, out var found) ? table with { Added = found.Added, Changed = found.Changed, Removed = found.Removed } : table)],
    };

    public static FilesPlan Files(RestoredFiles files)
    {
        var changed = files.Changed.Count(file => files.SumAtTarget(file.Path) is not null);
        return new FilesPlan(files.Changed.Count - changed, changed, files.LeftOver, files.Changed.Sum(file => file.Source.Size));
    }

    public static IReadOnlyList<ExtensionPlan> Extensions(RestoreRules rules, IReadOnlyList<SourceExtension> clone, IReadOnlyList<SourceExtension> site)
    {
        var (ours, theirs) = (clone.Where(each => each.Name != CustomMigratorPackage.Folder).ToLookup(Key), site.ToLookup(Key));
        return
        [
            .. ours.Select(each => each.Key).Union(theirs.Select(each => each.Key)).Order()
                .Select(key => Extension(rules, key.IsTheme, key.Name, ours[key].FirstOrDefault(), theirs[key].FirstOrDefault())),
        ];
    }

    public static IReadOnlyList<string> OptionsKept(RestoreRules rules, string prefix) =>
        [.. rules.KeptNames(prefix), .. rules.KeptPatterns.Select(beginning => beginning + "*")];

    private static (bool IsTheme, string Name) Key(SourceExtension extension) => (extension.IsTheme, extension.Name);

    private static ExtensionPlan Extension(RestoreRules rules, bool isTheme, string name, SourceExtension? clone, SourceExtension? site)
    {
        var isKept = isTheme ? rules.PreserveThemes : rules.PreservePlugins || ProtectedPlugins.Folders.Contains(name);
        var isActive = isKept ? site?.Active : clone?.Active;
        return new ExtensionPlan(
            isTheme ? ExtensionKind.Theme : ExtensionKind.Plugin, name, site?.Version, clone?.Version, isKept || clone is null, clone?.Active == true, isActive == true);
    }

    private static Dictionary<string, SourceTable> ByName(SourceSchema schema) => schema.Tables.Where(table => !table.IsView).ToDictionary(table => table.Name, StringComparer.Ordinal);
}
