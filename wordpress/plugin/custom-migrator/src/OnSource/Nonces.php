<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnSource;

use CloneHub\Migrator\Refused;

/** Calls that change the site and were already obeyed. One option row each; they go with the job's last connector. */
final class Nonces
{
    /** @throws Refused If this call came before. */
    public static function take(Job $job, string $nonce): void
    {
        global $wpdb;
        $name = self::prefix($job) . substr(hash('sha256', $nonce), 0, 32);
        $taken = $wpdb->query(
            $wpdb->prepare("INSERT IGNORE INTO {$wpdb->options} (option_name, option_value, autoload) VALUES (%s, %s, 'no')", $name, (string) time())
        );
        if (1 !== $taken) {
            throw new Refused(401, 'replay');
        }
    }

    public static function forget(Job $job): void
    {
        global $wpdb;
        $wpdb->query($wpdb->prepare("DELETE FROM {$wpdb->options} WHERE option_name LIKE %s", $wpdb->esc_like(self::prefix($job)) . '%'));
    }

    private static function prefix(Job $job): string
    {
        return str_replace('-', '_', $job->base()) . '_call_';
    }
}
