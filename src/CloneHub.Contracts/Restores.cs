namespace CloneHub.Contracts;

/// <summary>What a restore does about what its site has earned since the clone was made.</summary>
public enum OnDrift
{
    /// <summary>Nothing is restored.</summary>
    Refuse,

    /// <summary>The tables that are named stay the site's. What changed in others is refused.</summary>
    KeepTables,

    /// <summary>It is lost.</summary>
    Overwrite,
}

/// <summary>What is to be brought from a clone to a site, and what stays the site's own.</summary>
/// <param name="TargetUrl">Address of the site.</param>
/// <param name="PreservePlugins">Plugins stay: files, which of them are active, and the roles that they have made.</param>
/// <param name="PreserveThemes">Themes stay: files, which one is active, and its settings.</param>
/// <param name="KeepTables">Tables of the site that stay, by full name; with <see cref="OnDrift.KeepTables"/> only.</param>
/// <param name="DryRun">Only the plan is wanted.</param>
/// <param name="Base">The site's tables as CloneHub saw them last: when it copied them, or when it brought this clone's content there before. Null where it never did.</param>
/// <param name="Snapshot">The site's tables as the plan found them; null before there is one.</param>
/// <param name="IsMarked">What was brought was marked when it was staged: <see cref="StagedFacts.Marks"/>.</param>
public sealed record RestoreOrder(
    Uri TargetUrl, bool PreservePlugins = true, bool PreserveThemes = false, OnDrift OnDrift = OnDrift.Refuse, IReadOnlyList<string>? KeepTables = null, bool DryRun = false,
    IReadOnlyList<TableMark>? Base = null, IReadOnlyList<TableMark>? Snapshot = null, bool IsMarked = false);

/// <summary>By which a table is recognised as unchanged.</summary>
/// <param name="Sum">As <see cref="TableProof.SourceSum"/> is made: SHA-256 in lower-case hex. After <see cref="Settled"/>: of those rows only that do not change by themselves.</param>
/// <param name="LastKey">The greatest number by which a row is found; null if rows are found otherwise.</param>
public sealed record TableMark(string Name, long Rows, string Sum, long? LastKey = null)
{
    public const string Settled = "settled:";

    /// <summary>The site's table as it was when it was copied.</summary>
    public static TableMark Of(TableProof proof) =>
        new(proof.Name, proof.Rows, proof.SettledSum is { } settled ? Settled + settled : proof.SourceSum, proof.LastKey);
}

/// <summary>What a restore would do. Every list is bounded, because the job's log keeps it; see <see cref="Bounded"/>.</summary>
/// <param name="Tables">Those that change first.</param>
/// <param name="Extensions">Plugins and themes of either side.</param>
/// <param name="OptionsKept">Names of options that stay the site's, or how those begin.</param>
/// <param name="Drift">What the site has earned since <see cref="RestoreOrder.Base"/>. Empty, too, where there is none to compare with.</param>
/// <param name="Obstacles">Why it cannot be done, in words that end "The site cannot be restored: …"; none if it can.</param>
/// <param name="Warnings">What will not fit together.</param>
public sealed record PlanFacts(
    IReadOnlyList<TablePlan> Tables, FilesPlan Files, IReadOnlyList<ExtensionPlan> Extensions, IReadOnlyList<string> OptionsKept, IReadOnlyList<TableDrift> Drift,
    IReadOnlyList<string> Obstacles, IReadOnlyList<string> Warnings)
{
    public const int MostTables = 300;
    public const int MostExtensions = 200;
    public const int MostDrift = 100;
    public const int MostTexts = 100;

    /// <summary>No list longer than it may be; of what is cut off the warnings tell the number. What would be lost comes before what stays, so that it is never cut off by that.</summary>
    public PlanFacts Bounded()
    {
        var cut = new List<string>();
        var bounded = new PlanFacts(
            Most(Tables, MostTables, "tables", cut), Files, Most(Extensions, MostExtensions, "plugins and themes", cut), Most(OptionsKept, MostTexts, "options that stay", cut),
            Most([.. Drift.OrderBy(drift => drift.Stays)], MostDrift, "changes of the site", cut), Most(Obstacles, MostTexts, "obstacles", cut), Most(Warnings, MostTexts, "warnings", cut));
        return bounded with { Warnings = [.. bounded.Warnings, .. cut] };
    }

    private static IReadOnlyList<T> Most<T>(IReadOnlyList<T> all, int most, string what, List<string> cut)
    {
        if (all.Count <= most) return all;
        cut.Add($"{all.Count - most} more {what} are not listed.");
        return [.. all.Take(most)];
    }
}

/// <summary>What becomes of one table of the site.</summary>
/// <param name="RowsOfSite">0 too if the site does not have it.</param>
/// <param name="RowsOfClone">0 too if the clone does not have it.</param>
/// <param name="Added">Rows that only the clone has; null, like the next two, if they were not counted.</param>
/// <param name="Changed">Rows that both have and that differ.</param>
/// <param name="Removed">Rows that only the site has.</param>
/// <param name="Stays">The site keeps its own, whatever the clone has.</param>
public sealed record TablePlan(string Name, long RowsOfSite, long RowsOfClone, long? Added = null, long? Changed = null, long? Removed = null, bool Stays = false);

/// <summary>What becomes of the files below wp-content.</summary>
/// <param name="Added">Files that only the clone has.</param>
/// <param name="Changed">Files that differ; generated ones may turn out to be the same.</param>
/// <param name="Removed">Files of plugins and themes that come from the clone and no longer have them.</param>
/// <param name="Bytes">To be brought.</param>
public sealed record FilesPlan(int Added, int Changed, int Removed, long Bytes);

public enum ExtensionKind
{
    Plugin,
    Theme,
}

/// <summary>What becomes of one plugin or theme.</summary>
/// <param name="Name">Its folder, or its file if it has none.</param>
/// <param name="SiteVersion">Null if the site does not have it.</param>
/// <param name="CloneVersion">Null if the clone does not have it.</param>
/// <param name="Stays">The site keeps its own, or goes on without.</param>
/// <param name="ActiveInClone">True of a theme if it is the chosen one, or that one's parent.</param>
/// <param name="ActiveAfterwards">Whether it is active at the site when the restore is done.</param>
public sealed record ExtensionPlan(ExtensionKind Kind, string Name, string? SiteVersion, string? CloneVersion, bool Stays, bool ActiveInClone, bool ActiveAfterwards);

/// <summary>What the rows that changed at a site are.</summary>
public enum DriftKind
{
    Other,
    Posts,
    Comments,
    Users,
    Orders,
    Settings,
}

/// <summary>What a site has earned since CloneHub saw it last. A table whose rows are of several kinds is told once for each.</summary>
/// <param name="RowsThen">Of the whole table.</param>
/// <param name="RowsNow">Of the whole table; the same number does not mean the same rows.</param>
/// <param name="Added">New rows of this kind; null if they cannot be told from others.</param>
/// <param name="Stays">The table stays the site's, so that nothing of this is lost.</param>
public sealed record TableDrift(string Table, DriftKind Kind, long RowsThen, long RowsNow, long? Added = null, bool Stays = false);

/// <summary>What lies beside a site and is what was sent.</summary>
/// <param name="Marks">Of the tables, but for options, as no visitor has changed them yet. Null from a worker that does not note it.</param>
public sealed record StagedFacts(int Tables, long Rows, long Files, long Bytes, IReadOnlyList<TableMark>? Marks = null);

/// <param name="Tables">The site's tables right after the change, those that stay or were marked when they were staged excepted.</param>
/// <param name="HeldMilliseconds">How long visitors were held; null if a repeat found the places changed.</param>
public sealed record SwapFacts(IReadOnlyList<TableMark> Tables, long? HeldMilliseconds = null);
