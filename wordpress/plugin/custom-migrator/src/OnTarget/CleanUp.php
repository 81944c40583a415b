<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnTarget;

use CloneHub\Migrator\OnSource\Job;

/** Ends a restore for good: what went, or what was never brought, is deleted. */
final class CleanUp
{
    private const PATIENCE = 10.0;

    public static function run(Job $job): void
    {
        $work = new Work(Target::folder($job));
        if ($work->exists() && (!$work->lock('turn', self::PATIENCE) || !Recovery::settle($work))) {
            throw new \RuntimeException('Places are being changed.');
        }

        (new Staging(new Names($job)))->drop();
        self::release($work);
        $work->unlock();
        self::delete($work->folder);
    }

    /** A .maintenance file of this restore; another one is none of its business. */
    private static function release(Work $work): void
    {
        foreach ([ABSPATH . '.maintenance', ABSPATH . '.maintenance.part'] as $file) {
            if (is_file($file) && false !== strpos((string) file_get_contents($file), basename($work->folder))) {
                @unlink($file);
            }
        }
    }

    private static function delete(string $folder): void
    {
        foreach (array_diff(@scandir($folder) ?: [], ['.', '..']) as $name) {
            $path = "$folder/$name";
            if (is_dir($path) && !is_link($path)) {
                self::delete($path);
            } else {
                @unlink($path);
            }
        }

        @rmdir($folder);
    }
}
