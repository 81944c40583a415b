<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnTarget;

use CloneHub\Migrator\Said;

/**
 * What a request does that meets the .maintenance file of a restore: it waits while places are changed, and if whoever changed them is gone it
 * finishes the work itself. Nothing of WordPress is loaded when it asks first.
 */
final class Recovery
{
    /** So long a visitor waits for the page instead of being told to come again. */
    private const PATIENCE = 1.5;
    private const PATIENCE_WITH_VISITORS = 3.0;
    private const STEP_MICROSECONDS = 10000;

    /** Seconds after which the site itself judges its new content, if nobody else has. */
    private const UNCONFIRMED = 90;

    /** @return int For WordPress' $upgrading: 0 lets the request pass, the present moment has it told to come again. */
    public static function pass(string $folder, string $maintenance): int
    {
        if (isset($GLOBALS['wpdb'])) {
            // WordPress asks once more as a page ends. Who is being served is what the turn waits for, and must not wait for it.
            return is_resource($GLOBALS['clonehub_visits'][basename($folder)] ?? null) ? 0 : time();
        }

        try {
            // A page that is being served, and for which the turn waits, may itself wait for the task that it has just called.
            $is_free = self::wait(new Work($folder), $maintenance, defined('DOING_CRON') ? 0.0 : self::PATIENCE);
        } catch (\Throwable $trouble) {
            // The database may be away; the next request tries again.
            error_log('CloneHub: ' . $trouble->getMessage());
            $is_free = false;
        }

        $GLOBALS['clonehub_passed'] = microtime(true);
        return $is_free ? 0 : time();
    }

    private static function wait(Work $work, string $maintenance, float $patience): bool
    {
        $until = microtime(true) + $patience;
        do {
            clearstatcache();
            if (!is_file($maintenance)) {
                return true;
            }

            if ($work->lock('turn', 0.0)) {
                return self::mend($work, $maintenance);
            }

            usleep(self::STEP_MICROSECONDS);
        } while (microtime(true) < $until);

        return false;
    }

    /** Nobody is at it. */
    private static function mend(Work $work, string $maintenance): bool
    {
        try {
            if (!self::settle($work)) {
                return false;
            }

            @unlink($maintenance);
            return true;
        } finally {
            $work->unlock();
        }
    }

    /** Leaves the site wholly old or wholly new. Needs the turn. */
    public static function settle(Work $work): bool
    {
        $state = $work->state()['state'];
        if (Work::SWAPPING !== $state && Work::REVERTING !== $state) {
            return true;
        }

        if (!$work->lock('visitors', self::PATIENCE_WITH_VISITORS)) {
            return false;
        }

        if (Work::SWAPPING === $state) {
            self::finish($work);
        } else {
            self::revert($work);
        }

        return true;
    }

    /** A refusal, such as a table that somebody holds or a folder that cannot be moved, is no reason to stay in between. */
    private static function finish(Work $work): void
    {
        try {
            (new Swap($work))->forward();
            Others::close($work);
            $work->replace('unconfirmed', (string) (time() + self::UNCONFIRMED));
            self::settled($work, ['state' => Work::SWAPPED, 'swapped_at' => time()]);
        } catch (\RuntimeException $refusal) {
            if (Swap::is_away($refusal)) {
                throw $refusal;
            }

            $work->write(['state' => Work::REVERTING, 'after' => Work::STAGING, 'refusal' => Said::by($refusal, 300)]);
            self::revert($work);
        }
    }

    private static function revert(Work $work): void
    {
        $after = $work->state()['after'] ?? Work::REVERTED;
        try {
            (new Swap($work))->backward();
        } catch (\RuntimeException $refusal) {
            if (Swap::is_away($refusal) || Work::REVERTED !== $after) {
                throw $refusal;
            }

            // The new content has served until now, and does so again rather than nothing.
            (new Swap($work))->forward(false);
            self::settled($work, ['state' => Work::SWAPPED, 'refusal' => Said::by($refusal, 300)]);
            return;
        }

        self::settled($work, ['state' => $after]);
    }

    /**
     * Whoever finds the state has to find the mark too by which its caches are emptied. That is made without a change of names, so that also a site whose
     * every request ends at the same place comes further with each.
     *
     * @param array<string,mixed> $state
     */
    private static function settled(Work $work, array $state): void
    {
        (new Swap($work))->forget_code();
        touch($work->folder . '/flush');
        $work->write($state);
        $work->replace('turned', sprintf('%.6F', microtime(true)));
    }
}
