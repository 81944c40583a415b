<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnTarget;

/** Empties what keeps pages of before: WordPress' own cache and those of well-known plugins, once they are loaded. */
final class Caches
{
    private const FUNCTIONS = [
        'wp_cache_clear_cache', 'w3tc_flush_all', 'rocket_clean_domain', 'rocket_clean_minify', 'wpfc_clear_all_cache', 'sg_cachepress_purge_cache', 'sg_cachepress_purge_everything',
    ];

    private const ACTIONS = [
        'litespeed_purge_all', 'cache_enabler_clear_complete_cache', 'breeze_clear_all_cache', 'wphb_clear_page_cache', 'rt_nginx_helper_purge_all', 'swcfpc_purge_cache',
    ];

    public static function flush(Work $work): void
    {
        wp_cache_flush();

        // Whoever has mended the site may have been another kind of PHP, with compiled code of its own.
        (new Swap($work))->forget_code();

        foreach (self::FUNCTIONS as $function) {
            self::attempt(static function () use ($function): void {
                if (function_exists($function)) {
                    $function();
                }
            });
        }

        foreach (self::ACTIONS as $action) {
            self::attempt(static function () use ($action): void {
                do_action($action);
            });
        }
    }

    private static function attempt(callable $work): void
    {
        try {
            $work();
        } catch (\Throwable $trouble) {
            // A page more that is old for a while is better than a restore that has failed.
            error_log('CloneHub: ' . $trouble->getMessage());
        }
    }
}
