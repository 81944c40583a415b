<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnTarget;

/**
 * New content is on probation until CloneHub has looked at the site with it. If CloneHub never comes, the site judges for itself once the time
 * is over: pages that ended by a fatal error since then mean the old content, none means that the new one stays.
 */
final class Probation
{
    private const PATIENCE = 5.0;

    /** CloneHub has looked. Nothing of it happens while places are being changed. */
    public static function end(Work $work): void
    {
        if (!$work->lock('turn', self::PATIENCE)) {
            throw new \RuntimeException('Places are being changed.');
        }

        try {
            self::forget($work);
        } finally {
            $work->unlock();
        }
    }

    /** @return bool Whether the old content is back, or may be. */
    public static function judge(string $folder): bool
    {
        $work = new Work($folder);
        if (!is_file("$folder/fatal")) {
            self::forget($work);
            return false;
        }

        try {
            $changes = ['state' => Work::REVERTING, 'after' => Work::REVERTED, 'refusal' => 'its pages ended by fatal errors.'];
            $result = (new Turn($work))->run(Work::SWAPPED, $changes, self::PATIENCE, 'unconfirmed');
            return Work::REVERTED === ($result['state'] ?? null);
        } catch (\Throwable $trouble) {
            // The next request tries again.
            error_log('CloneHub: ' . $trouble->getMessage());
            return true;
        }
    }

    public static function forget(Work $work): void
    {
        @unlink("{$work->folder}/unconfirmed");
        @unlink("{$work->folder}/fatal");
    }
}
