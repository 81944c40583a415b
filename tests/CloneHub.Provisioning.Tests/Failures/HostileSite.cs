using CloneHub.Dev.WordPress;
using CloneHub.Testing;

namespace CloneHub.Provisioning.Tests.Failures;

/// <summary>A real WordPress that goes wrong in as many ways as it has scenes; every request names the scene it is part of.</summary>
internal static class HostileSite
{
    private const string Scene = "($_SERVER['HTTP_X_SCENE'] ?? '')";

    private const string Scenes = """
        <?php
        $refuse = static function (string $words, string $field = ''): void {
            add_filter('authenticate', static fn () => new WP_Error('refused', $words), 99);
            add_action('login_form', static function () use ($field): void { echo $field; });
        };
        $posts = static function (int $status, string $header = '', int $megabytes = 0): void {
            if (!str_contains($_SERVER['REQUEST_URI'], '/wp/v2/posts')) return;
            http_response_code($status);
            header('Content-Type: application/json');
            if ('' !== $header) header($header);
            while ($megabytes-- > 0) echo str_repeat(' ', 1 << 20);
            exit;
        };
        switch ($_SERVER['HTTP_X_SCENE'] ?? '') {
            case 'second-factor': $refuse('Give the code of your app.', '<input name="authcode">'); break;
            case 'captcha': $refuse('Prove that you are human.', '<div class="cf-turnstile"></div>'); break;
            case 'locked': $refuse('Too many failed login attempts. Come back in 20 minutes.'); break;
            case 'hidden': if ('/wp-login.php' === $_SERVER['SCRIPT_NAME']) { http_response_code(404); exit; } break;
            case 'forgetful': if (is_admin()) $_COOKIE = []; break;
            case 'network': foreach (['home', 'siteurl'] as $option) add_filter("pre_option_$option", static fn () => 'http://' . $_SERVER['HTTP_HOST']); break;
            case 'old-database': add_filter('pre_option_db_version', static fn () => '10000'); break;
            case 'fatal-activation': add_action('activate_plugin', static function (): void { exit('Fatal error'); }); break;
            case 'closed': add_filter('rest_authentication_errors', static fn () => new WP_Error('rest_login_required', 'Log in', ['status' => 401])); break;
            case 'empty': foreach (['post', 'page'] as $type) add_filter("rest_{$type}_query", static fn ($query) => ['post__in' => [0]] + $query); break;
            case 'robots': add_filter('robots_txt', static fn () => "User-agent: *\nDisallow: /"); break;
            case 'busy': $posts(429, 'Retry-After: 3600'); break;
            case 'broken': $posts(500); break;
            case 'huge': $posts(200, '', 33); break;
            case 'overgrown':
                add_filter('rest_post_dispatch', static function ($answer, $server, $request) {
                    if ('/wp/v2/posts' === $request->get_route()) $answer->header('X-WP-Total', 100001);
                    return $answer;
                }, 10, 3);
                break;
            case 'miscounting':
                add_filter('rest_post_dispatch', static function ($answer, $server, $request) {
                    if ('/wp/v2/posts' === $request->get_route()) $answer->header('X-WP-Total', 1 + (int) ($answer->get_headers()['X-WP-Total'] ?? 0));
                    return $answer;
                }, 10, 3);
        }
        """;

    private const string Network = """
        require ABSPATH . 'wp-admin/includes/upgrade.php'; require ABSPATH . 'wp-admin/includes/network.php';
        foreach ($wpdb->tables('ms_global') as $table => $name) $wpdb->$table = $name;
        install_network();
        """;

    public static SourceSiteOptions Options() => new()
    {
        Name = ServersFixture.Unique("h"),
        MuPlugin = Scenes,
        Defines = new Dictionary<string, string>
        {
            // The site lives at whatever host it is asked for; a network heeds no such constants.
            ["WP_HOME"] = "'http://' . $_SERVER['HTTP_HOST']",
            ["WP_SITEURL"] = "'http://' . $_SERVER['HTTP_HOST']",
            ["DISALLOW_FILE_MODS"] = $"{Scene} === 'no-changes'",
            ["FS_METHOD"] = $"{Scene} === 'ftp' ? 'ftpext' : 'direct'",
            ["WP_PLUGIN_DIR"] = $"__DIR__ . '/wp-content/' . (['sealed' => 'sealed', 'nested' => 'uploads/plugins'][{Scene}] ?? 'plugins')",
            ["WP_ALLOW_MULTISITE"] = "true",
            ["MULTISITE"] = $"{Scene} === 'network'",
            ["SUBDOMAIN_INSTALL"] = "false",
            ["DOMAIN_CURRENT_SITE"] = "$_SERVER['HTTP_HOST']",
            ["PATH_CURRENT_SITE"] = "'/'",
        },
    };

    /// <summary>What the scenes need besides the code: folders, tables of a network, a file that says that maintenance goes on.</summary>
    /// <param name="network">Host and port at which the site is a network of sites.</param>
    public static async Task ArrangeAsync(SourceSite site, string network)
    {
        await site.RunPhpAsync("mkdir(ABSPATH . 'wp-content/sealed'); chmod(ABSPATH . 'wp-content/sealed', 0555); mkdir(ABSPATH . 'wp-content/uploads/plugins');", default);
        await site.RunPhpAsync($"{Network} populate_network(1, '{network}', 'admin@example.org', 'Network', '/', false);", default);
        await File.WriteAllTextAsync(Path.Combine(site.Root.FullName, ".maintenance"), $"<?php $upgrading = {Scene} === 'maintenance' ? time() : 0;");
        await site.AddUserAsync(new SiteUser("edith", "edit-me-again", "editor"), default);
    }
}
