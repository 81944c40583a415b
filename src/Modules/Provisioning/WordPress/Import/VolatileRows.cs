using CloneHub.Provisioning.WordPress.Restore;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>Rows of a table by the values of one column.</summary>
/// <param name="Values">Of the column.</param>
/// <param name="Beginnings">Of values of the column.</param>
internal sealed record VolatileRows(string Column, string[] Values, string[] Beginnings)
{
    /// <summary>What WordPress notes for itself while pages are served or looked at.</summary>
    private static readonly string[] Notes =
    [
        "active_plugins", "recently_activated", "uninstall_plugins", "rewrite_rules", "user_count", "theme_switched", "finished_updating_comment_type", "wp_force_deactivated_plugins",
        "_wp_suggested_policy_text_has_changed", "wp_calendar_block_has_published_posts", "category_children",
    ];

    private static readonly VolatileRows Options = new("option_name", [.. OwnOptions.Names, .. Notes], [.. OwnOptions.Beginnings, .. ProtectedPlugins.Options]);
    private static readonly VolatileRows PostMeta = new("meta_key", ["_edit_lock", "_edit_last"], ["_oembed_"]);
    private static readonly VolatileRows PostTypes = new("post_type", ["oembed_cache"], []);
    private static readonly VolatileRows PostStates = new("post_status", ["auto-draft"], []);

    /// <summary>Rows that change without anybody's work on the site: they do not tell whether it has changed.</summary>
    public static IReadOnlyList<VolatileRows> Of(SourceTable table)
    {
        bool Has(params string[] names) => names.All(name => table.Columns.Any(column => column.Name == name && !column.IsGenerated));
        return Has("option_name", "option_value") ? [Options]
            : Has("post_id", "meta_key", "meta_value") ? [PostMeta]
            : Has("post_type", "post_status", "post_content") ? [PostTypes, PostStates]
            : [];
    }

    /// <summary>The columns of such a table, without what follows from rows of other tables: a post counts its comments.</summary>
    public static ColumnPlan[] Settle(IEnumerable<ColumnPlan> columns) => [.. columns.Select(plan => plan.Column.Name == "comment_count" ? plan with { IsLeftOut = true } : plan)];

    public bool Covers(string value) => Values.Contains(value, StringComparer.Ordinal) || Beginnings.Any(beginning => value.StartsWith(beginning, StringComparison.Ordinal));
}
