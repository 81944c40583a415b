<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnTarget;

/** Other restores at the same site: one that is at work excludes this one; one that is over can no longer be undone once this one has changed places. */
final class Others
{
    private const FORGOTTEN_AFTER = 10800;
    private const CLOSED = 'closed';

    public static function at_work(Work $own): bool
    {
        foreach (self::all($own) as $other) {
            $state = $other->state();
            $is_over = in_array($state['state'], [Work::SWAPPED, Work::REVERTED, self::CLOSED], true);
            if (!$is_over && time() - (int) ($state['since'] ?? 0) < self::FORGOTTEN_AFTER) {
                return true;
            }
        }

        return false;
    }

    /**
     * Keeps the places of the others as they are.
     *
     * @return Work[]|null Null if one of them is being changed. Their locks end with the process at the latest.
     */
    public static function keep(Work $own): ?array
    {
        $kept = [];
        foreach (self::all($own) as $other) {
            if (!$other->lock('turn', 0.0)) {
                return null;
            }

            $kept[] = $other;
            if (in_array($other->state()['state'], [Work::SWAPPING, Work::REVERTING], true)) {
                return null;
            }
        }

        return $kept;
    }

    /**
     * Tables that went and came by another restore carry its name, so that a later change of places would be undone by it. Done by whoever has changed
     * places, and uses nothing of WordPress.
     */
    public static function close(Work $own): void
    {
        foreach ((array) ($own->state()['closes'] ?? []) as $name) {
            $other = new Work(dirname($own->folder) . '/' . basename((string) $name));
            if ($other->exists() && self::CLOSED !== $other->state()['state']) {
                $other->write(['state' => self::CLOSED]);
            }
        }
    }

    /** @return Work[] */
    private static function all(Work $own): array
    {
        $folders = array_filter(
            (array) glob(dirname($own->folder) . '/.clonehub-*', GLOB_ONLYDIR),
            static fn (string $folder): bool => basename($folder) !== basename($own->folder) && is_file("$folder/state.json")
        );
        return array_map(static fn (string $folder): Work => new Work($folder), array_values($folders));
    }
}
