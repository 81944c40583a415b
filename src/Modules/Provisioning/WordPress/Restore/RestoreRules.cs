namespace CloneHub.Provisioning.WordPress.Restore;

/// <summary>What of a site stays its own when it gets its clone's content.</summary>
/// <param name="PreservePlugins">Plugins stay: files, which of them are active, and the roles that they have made.</param>
/// <param name="PreserveThemes">Themes stay: files, which one is active, and its settings.</param>
internal sealed record RestoreRules(bool PreservePlugins = true, bool PreserveThemes = false)
{
    /// <summary>Address, owner, search engines, tasks, keys, and what WordPress notes of its own state.</summary>
    private static readonly string[] Names =
    [
        "siteurl", "home", "admin_email", "new_admin_email", "adminhash", "blog_public", "cron", "users_can_register", "upload_path", "upload_url_path", "upload_url",
        "secret", "secret_key", "auth_key", "auth_salt", "secure_auth_key", "secure_auth_salt", "logged_in_key", "logged_in_salt", "nonce_key", "nonce_salt",
        "mailserver_url", "mailserver_login", "mailserver_pass", "mailserver_port", "db_version", "db_upgraded", "initial_db_version", "using_application_passwords",
        "recovery_keys", "recovery_mode_email_last_sent", "auto_core_update_notified", "auto_core_update_failed", "https_detection_errors", "https_migration_required",
        "can_compress_scripts", "doing_cron", "core_updater.lock", "auto_updater.lock",
    ];

    /// <summary>What is only kept for a while is as the site knows it; connectors keep notes of their calls.</summary>
    private static readonly string[] Patterns = ["_transient_", "_site_transient_", "clonehub_", "action_scheduler_", "schema-ActionScheduler_"];

    private static readonly string[] PluginNames =
        ["recently_activated", "uninstall_plugins", "auto_update_plugins", "recovery_mode_auto_deactivated_plugins", "deactivated_plugins"];

    private static readonly string[] ThemeNames = ["template", "stylesheet", "current_theme", "theme_switched", "theme_switched_via_customizer", "auto_update_themes", "stylesheet_root", "template_root"];

    public IReadOnlyList<string> KeptNames(string prefix) =>
        [.. Names, .. PreservePlugins ? [.. PluginNames, $"{prefix}user_roles"] : Array.Empty<string>(), .. PreserveThemes ? ThemeNames : []];

    public IReadOnlyList<string> KeptPatterns =>
        [.. Patterns, .. ProtectedPlugins.All.SelectMany(plugin => plugin.Options).Distinct(StringComparer.Ordinal), .. PreserveThemes ? ["theme_mods_"] : Array.Empty<string>()];

    /// <summary>Plugins of which the site decides whether they are active; null if that is so of all.</summary>
    public IReadOnlyList<string>? KeptPlugins => PreservePlugins ? null : ProtectedPlugins.Folders;
}
