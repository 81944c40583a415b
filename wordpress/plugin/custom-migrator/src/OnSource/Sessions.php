<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnSource;

/** The log-ins of a job's attempts that died before they could log out. WordPress keeps the user agent of each, and ours names the job. */
final class Sessions
{
    public static function forget(Job $job): void
    {
        global $wpdb;
        $sql = "SELECT umeta_id, user_id, meta_value FROM {$wpdb->usermeta} WHERE meta_key = 'session_tokens' AND meta_value LIKE %s";
        foreach ($wpdb->get_results($wpdb->prepare($sql, '%' . $wpdb->esc_like($job->id) . '%')) as $row) {
            $sessions = maybe_unserialize($row->meta_value);
            $others = array_filter((array) $sessions, static function ($session) use ($job): bool {
                return !is_array($session) || false === strpos((string) ($session['ua'] ?? ''), $job->id);
            });
            // Only if nobody has changed it since: a log-in that is lost here would throw a person out.
            if ([] === $others) {
                $wpdb->delete($wpdb->usermeta, ['umeta_id' => $row->umeta_id, 'meta_value' => $row->meta_value]);
            } else {
                $wpdb->update($wpdb->usermeta, ['meta_value' => serialize($others)], ['umeta_id' => $row->umeta_id, 'meta_value' => $row->meta_value]);
            }

            wp_cache_delete((int) $row->user_id, 'user_meta');
        }
    }
}
