namespace CloneHub.Provisioning.WordPress.Restore;

/// <param name="Folder">Below wp-content/plugins.</param>
/// <param name="Options">Beginnings of the names of its options.</param>
/// <param name="Tables">Beginnings of the names of its tables, without the site's prefix.</param>
internal sealed record ProtectedPlugin(string Folder, string[] Options, string[] Tables);

/// <summary>
/// Plugins that guard a site or keep its pages. They are bound to its server and its visitors, and a clone has them switched off or knows
/// nothing of what they have learnt: a restore leaves them, their settings and their tables as they are.
/// </summary>
internal static class ProtectedPlugins
{
    public static readonly IReadOnlyList<ProtectedPlugin> All =
    [
        new("wordfence", ["wordfence"], ["wf"]),
        new("better-wp-security", ["itsec"], ["itsec_"]),
        new("ithemes-security-pro", ["itsec"], ["itsec_"]),
        new("all-in-one-wp-security-and-firewall", ["aio_wp_security", "aiowps"], ["aiowps_"]),
        new("sucuri-scanner", ["sucuriscan"], []),
        new("sg-security", ["sg_security"], ["sgs_"]),
        new("wp-cerber", ["cerber"], ["cerber_"]),
        new("limit-login-attempts-reloaded", ["limit_login"], []),
        new("loginizer", ["loginizer"], ["loginizer_"]),
        new("wps-hide-login", ["whl_"], []),
        new("two-factor", ["two_factor"], []),
        new("wp-security-audit-log", ["wsal_"], ["wsal_"]),
        new("sg-cachepress", ["siteground_optimizer"], []),
        new("wp-super-cache", ["wpsupercache", "ossdl_"], []),
        new("w3-total-cache", ["w3tc"], ["w3tc_"]),
        new("wp-rocket", ["wp_rocket"], ["wpr_"]),
        new("litespeed-cache", ["litespeed"], ["litespeed_"]),
        new("wp-fastest-cache", ["WpFastestCache"], []),
        new("breeze", ["breeze_"], []),
        new("cache-enabler", ["cache_enabler"], []),
        new("comet-cache", ["comet_cache"], []),
        new("hummingbird-performance", ["wphb"], ["wphb_"]),
        new("wp-optimize", ["wpo_cache"], ["tm_task"]),
        new("redis-cache", ["roc_"], []),
        new("object-cache-pro", ["objectcache"], []),
        new("nginx-helper", ["rt_wp_nginx_helper"], []),
        new("wp-cloudflare-page-cache", ["swcfpc_"], []),
    ];

    /// <summary>Tasks that wait to be done are the site's as much as its cron is; so are the visits that go on there, and what counts them.</summary>
    private static readonly string[] Tasks = ["actionscheduler_", "woocommerce_sessions", "wc_rate_limits", "wc_reserved_stock", "statistics_"];

    public static IReadOnlyList<string> Options { get; } = [.. All.SelectMany(plugin => plugin.Options).Distinct(StringComparer.Ordinal)];

    public static IReadOnlyList<string> Folders { get; } = [.. All.Select(plugin => plugin.Folder)];

    public static bool HasTable(string nameWithoutPrefix) =>
        All.SelectMany(plugin => plugin.Tables).Concat(Tasks).Any(start => nameWithoutPrefix.StartsWith(start, StringComparison.OrdinalIgnoreCase));
}
