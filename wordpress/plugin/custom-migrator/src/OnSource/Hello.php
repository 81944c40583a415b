<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnSource;

use CloneHub\Migrator\Budget;
use CloneHub\Migrator\Version;

/** What the client must know of the site before it copies anything. */
final class Hello
{
    private const DROP_INS = ['object-cache.php', 'advanced-cache.php', 'db.php', 'sunrise.php', 'maintenance.php', 'fatal-error-handler.php'];

    /** @return array<string,mixed> */
    public static function facts(Job $job): array
    {
        global $wpdb;
        $uploads = wp_upload_dir(null, false);
        $layout = new Layout();
        $settings = new WpConfig();
        return [
            'connector_version' => Version::NUMBER,
            'operations' => Connector::OPERATIONS,
            'job' => $job->id,
            'build' => $job->name(),
            'expires' => $job->expires,
            'time' => time(),
            'wordpress_version' => self::wordpress_version(),
            'php_version' => PHP_VERSION,
            'database_version' => (string) $wpdb->get_var('SELECT VERSION()'),
            'database_charset' => (string) $wpdb->charset,
            'database_collation' => (string) $wpdb->collate,
            'table_prefix' => $wpdb->base_prefix,
            'site_url' => untrailingslashit(site_url()),
            'home_url' => untrailingslashit(home_url()),
            'absolute_path' => wp_normalize_path(ABSPATH),
            'content_directory' => wp_normalize_path(WP_CONTENT_DIR),
            'content_url' => content_url(),
            'uploads_directory' => wp_normalize_path((string) $uploads['basedir']),
            'uploads_url' => (string) $uploads['baseurl'],
            'uploads_place' => $layout->uploads,
            'layout_problem' => $layout->problem,
            'plugins_directory' => wp_normalize_path(WP_PLUGIN_DIR),
            'plugins_url' => (string) WP_PLUGIN_URL,
            'must_use_plugins_directory' => wp_normalize_path(WPMU_PLUGIN_DIR),
            'must_use_plugins_url' => (string) WPMU_PLUGIN_URL,
            'active_plugins' => self::active_plugins(),
            'stylesheet' => (string) get_option('stylesheet'),
            'template' => (string) get_option('template'),
            'locale' => get_locale(),
            'is_multisite' => is_multisite(),
            'defines' => (object) $settings->literals,
            'other_defines' => $settings->others,
            'drop_ins' => array_values(array_filter(self::DROP_INS, static fn (string $file): bool => is_file(WP_CONTENT_DIR . '/' . $file))),
            'timezone' => wp_timezone_string(),
            'server_software' => (string) ($_SERVER['SERVER_SOFTWARE'] ?? ''),
            'memory_limit' => Budget::memory_limit(),
            'max_execution_time' => (int) ini_get('max_execution_time'),
        ];
    }

    private static function wordpress_version(): string
    {
        global $wp_version;
        return (string) $wp_version;
    }

    /** @return string[] Without connectors: neither ours nor that of another job belongs to the site. */
    private static function active_plugins(): array
    {
        return array_values(
            array_filter((array) get_option('active_plugins', []), static fn ($plugin): bool => !Exclusions::is_connector(dirname((string) $plugin)))
        );
    }
}
