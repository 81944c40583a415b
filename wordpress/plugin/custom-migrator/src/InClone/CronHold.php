<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\InClone;

/** Scheduled tasks of a clone would renew subscriptions and publish posts a second time. They stay listed and do not run. */
final class CronHold
{
    public static function install(): void
    {
        if (!defined('DISABLE_WP_CRON')) {
            define('DISABLE_WP_CRON', true);
        }

        // For calls of wp-cron.php itself, which does not ask the constant.
        add_filter('pre_get_ready_cron_jobs', static fn (): array => [], PHP_INT_MAX);
        add_filter('action_scheduler_allow_async_request_runner', '__return_false', PHP_INT_MAX);
        add_filter('action_scheduler_queue_runner_concurrent_batches', static fn (): int => 0, PHP_INT_MAX);
    }
}
