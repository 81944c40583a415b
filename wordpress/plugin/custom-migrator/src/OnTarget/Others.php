<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnTarget;

/** Other restores at the same site: one that is at work excludes this one; one that is over can no longer be undone once this one begins. */
final class Others
{
    private const FORGOTTEN_AFTER = 10800;

    public static function at_work(Work $own): bool
    {
        foreach (self::all($own) as $other) {
            $state = $other->state();
            $is_over = in_array($state['state'], [Work::SWAPPED, Work::REVERTED], true);
            if (!$is_over && time() - (int) ($state['since'] ?? 0) < self::FORGOTTEN_AFTER) {
                return true;
            }
        }

        return false;
    }

    /** Tables that went and came by another restore carry its name, so that a later change of places would be undone by it. */
    public static function close(Work $own): void
    {
        foreach (self::all($own) as $other) {
            $other->write(['state' => 'closed']);
        }
    }

    /** @return Work[] */
    private static function all(Work $own): array
    {
        $folders = array_filter(
            (array) glob(WP_CONTENT_DIR . '/.clonehub-*', GLOB_ONLYDIR),
            static fn (string $folder): bool => basename($folder) !== basename($own->folder) && is_file("$folder/state.json")
        );
        return array_map(static fn (string $folder): Work => new Work($folder), array_values($folders));
    }
}
