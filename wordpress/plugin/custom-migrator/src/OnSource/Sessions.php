<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnSource;

/** The log-ins of a job's attempts that died before they could log out. WordPress keeps the user agent of each, and ours names the job. */
final class Sessions
{
    private const MOST_TRIES = 10;

    public static function forget(Job $job): void
    {
        // WordPress writes a person's log-ins back as a whole, so another one may come between reading and writing.
        for ($tries = 1; !self::try_forget($job) && $tries < self::MOST_TRIES; $tries++) {
            usleep(20000 * $tries);
        }
    }

    /** @return bool Whether nothing of this job is left. */
    private static function try_forget(Job $job): bool
    {
        global $wpdb;
        $is_clean = true;
        $sql = "SELECT umeta_id, user_id, meta_value FROM {$wpdb->usermeta} WHERE meta_key = 'session_tokens' AND meta_value LIKE %s";
        foreach ($wpdb->get_results($wpdb->prepare($sql, '%' . $wpdb->esc_like($job->id) . '%')) as $row) {
            $sessions = maybe_unserialize($row->meta_value);
            $others = array_filter((array) $sessions, static function ($session) use ($job): bool {
                return !is_array($session) || false === strpos((string) ($session['ua'] ?? ''), $job->id);
            });
            if (count($others) === count((array) $sessions)) {
                continue;
            }

            // Only if nobody has changed it since: a log-in that is lost here would throw a person out.
            $as_read = ['umeta_id' => $row->umeta_id, 'meta_value' => $row->meta_value];
            $changed = [] === $others
                ? $wpdb->delete($wpdb->usermeta, $as_read)
                : $wpdb->update($wpdb->usermeta, ['meta_value' => serialize($others)], $as_read);
            $is_clean = $is_clean && 1 === $changed;
            wp_cache_delete((int) $row->user_id, 'user_meta');
        }

        return $is_clean;
    }
}
