using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress.Import;

namespace CloneHub.Provisioning.WordPress.Restore;

/// <summary>What a site has earned since its tables were marked: which changed, and of what kind their new rows are.</summary>
internal sealed class SiteDrift(TargetChannel target, RestoredTables tables)
{
    /// <summary>Tables as they are now. Those that change by themselves as a whole are none of the site's work.</summary>
    public async Task<IReadOnlyList<TableMark>> MarkAsync(IEnumerable<SourceTable> site, CancellationToken cancellation) =>
        [.. (await target.MarksAsync([.. site.Take(ContentProof.MostTables).Select(TableToMark.Settled)], cancellation)).Select(marked => marked.Mark)];

    /// <summary>What was brought, as it lies beside the site, where no visitor changes it. Without the options: the site's own come among them in the last moment.</summary>
    /// <param name="site">The site's tables, by whose definitions most are made.</param>
    public async Task<IReadOnlyList<TableMark>> MarkStagedAsync(IReadOnlyDictionary<string, SourceTable> site, CancellationToken cancellation)
    {
        var staged = tables.Tables.Index().Where(table => tables.BareName(table.Item.Name) != "options").Take(ContentProof.MostTables)
            .Select(table => TableToMark.Settled(table.Item.CreateSql is null ? site[table.Item.Name] : table.Item.Table) with { Staged = table.Index });
        return [.. (await target.MarksAsync([.. staged], cancellation)).Select(marked => marked.Mark)];
    }

    /// <param name="site">The site's tables.</param>
    /// <param name="then">Their marks at some time before.</param>
    /// <param name="now">Their marks of now; others are looked at here.</param>
    public async Task<IReadOnlyList<TableDrift>> SinceAsync(
        IReadOnlyDictionary<string, SourceTable> site, IReadOnlyList<TableMark> then, IReadOnlyList<TableMark> now, CancellationToken cancellation)
    {
        var marks = now.ToDictionary(mark => mark.Name, StringComparer.Ordinal);
        var asked = then.Where(mark => site.ContainsKey(mark.Name) && !tables.ChangesByItself(mark.Name) && !Same(mark, marks)).Select(mark => ToAsk(site[mark.Name], mark)).OfType<TableToMark>();
        var before = then.ToDictionary(mark => mark.Name, StringComparer.Ordinal);
        var drift = new List<TableDrift>();
        foreach (var marked in await target.MarksAsync([.. asked], cancellation))
            if (marked.Mark.Sum != before[marked.Table.Name].Sum) drift.AddRange(Describe(before[marked.Table.Name], marked));
        drift.AddRange(Unknown(tables, site, before.Keys, marks));
        return drift;
    }

    /// <summary>Tables that would be replaced and that nobody has marked before: all of their rows may have been earned. An empty one holds nothing to lose.</summary>
    internal static IEnumerable<TableDrift> Unknown(
        RestoredTables tables, IReadOnlyDictionary<string, SourceTable> site, IEnumerable<string> known, IReadOnlyDictionary<string, TableMark> now) =>
        from name in tables.Tables.Where(table => table.Replaces).Select(table => table.Name).Except(known)
        where site.ContainsKey(name) && !tables.ChangesByItself(name) && now.GetValueOrDefault(name)?.Rows != 0
        select new TableDrift(name, DriftKinds.Of(tables.BareName(name), site[name]), 0, now.GetValueOrDefault(name)?.Rows ?? site[name].ApproximateRows);

    private static bool Same(TableMark then, Dictionary<string, TableMark> now) => now.TryGetValue(then.Name, out var mark) && mark.Sum == then.Sum;

    /// <summary>Summed in the way that the earlier mark was. Null where that tells nothing: settings change with every visit.</summary>
    private static TableToMark? ToAsk(SourceTable table, TableMark then)
    {
        var skipped = VolatileRows.Of(table);
        var isSettled = then.Sum.StartsWith(TableMark.Settled, StringComparison.Ordinal);
        if (skipped.Count > 0 && !isSettled && DriftKinds.Of(table.Name, table) == DriftKind.Settings) return null;
        return new TableToMark(table, isSettled ? skipped : [], then.LastKey, DriftKinds.ColumnOf(table));
    }

    private IEnumerable<TableDrift> Describe(TableMark then, MarkedTable now)
    {
        var (name, table) = (now.Table.Name, now.Table.Table);
        var usual = DriftKinds.Of(tables.BareName(name), table);
        var stays = !tables.Tables.Any(restored => restored.Name == name);
        var kinds = now.Added?.GroupBy(added => DriftKinds.Of(usual, added.Key)).Select(added => (Kind: added.Key, Rows: (long?)added.Sum(one => one.Value))).ToList();
        if (kinds is not { Count: > 0 }) kinds = [(usual, now.Added is null ? null : 0)];
        return kinds.Select(kind => new TableDrift(name, kind.Kind, then.Rows, now.Rows, kind.Rows, stays));
    }
}

/// <summary>What rows are, by the names that WordPress and its shops give them.</summary>
internal static class DriftKinds
{
    public static DriftKind Of(string bareName, SourceTable table) => bareName switch
    {
        "users" => DriftKind.Users,
        "comments" or "commentmeta" => DriftKind.Comments,
        "posts" or "postmeta" => DriftKind.Posts,
        _ when bareName.StartsWith("wc_order", StringComparison.Ordinal) || bareName.StartsWith("woocommerce_order", StringComparison.Ordinal) => DriftKind.Orders,
        _ when table.Columns.Any(column => column.Name == "option_name") => DriftKind.Settings,
        _ => DriftKind.Other,
    };

    /// <summary>
    /// Whether a table holds what people bring to a site. Others may be statistics or sessions, and what belongs to such a row may be a count of
    /// its readers: those change with every visit.
    /// </summary>
    public static bool IsWork(string bareName, SourceTable table) =>
        Of(bareName, table) is DriftKind.Posts or DriftKind.Comments or DriftKind.Orders && table.Columns.All(column => column.Name != "meta_key");

    /// <summary>Of one row, by its type.</summary>
    public static DriftKind Of(DriftKind usual, string type) =>
        type.StartsWith("shop_order", StringComparison.Ordinal) || type.StartsWith("shop_subscription", StringComparison.Ordinal) || type is "order_note" ? DriftKind.Orders : usual;

    /// <summary>The column that tells the type of a row; null if there is none.</summary>
    public static string? ColumnOf(SourceTable table) => table.Columns.FirstOrDefault(column => column.Name is "post_type" or "comment_type")?.Name;
}
