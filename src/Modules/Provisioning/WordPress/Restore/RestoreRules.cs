namespace CloneHub.Provisioning.WordPress.Restore;

/// <summary>What of a site stays its own when it gets its clone's content.</summary>
/// <param name="PreservePlugins">Plugins stay: files, which of them are active, and the roles that they have made.</param>
/// <param name="PreserveThemes">Themes stay: files, which one is active, and its settings.</param>
/// <param name="KeptTables">Tables that stay because somebody asked for it, by full name.</param>
/// <param name="Overwrites">What the site has earned since the clone was made is to be lost.</param>
internal sealed record RestoreRules(bool PreservePlugins = true, bool PreserveThemes = false, IReadOnlyList<string>? KeptTables = null, bool Overwrites = false)
{
    private static readonly string[] PluginNames =
        ["recently_activated", "uninstall_plugins", "auto_update_plugins", "recovery_mode_auto_deactivated_plugins", "deactivated_plugins"];

    private static readonly string[] ThemeNames = ["template", "stylesheet", "current_theme", "theme_switched", "theme_switched_via_customizer", "auto_update_themes", "stylesheet_root", "template_root"];

    public IReadOnlyList<string> KeptNames(string prefix) =>
        [.. OwnOptions.Names, .. PreservePlugins ? [.. PluginNames, $"{prefix}user_roles"] : Array.Empty<string>(), .. PreserveThemes ? ThemeNames : []];

    public IReadOnlyList<string> KeptPatterns =>
        [.. OwnOptions.Beginnings, .. ProtectedPlugins.Options, .. PreserveThemes ? ["theme_mods_"] : Array.Empty<string>()];

    /// <summary>Plugins of which the site decides whether they are active; null if that is so of all.</summary>
    public IReadOnlyList<string>? KeptPlugins => PreservePlugins ? null : ProtectedPlugins.Folders;
}
