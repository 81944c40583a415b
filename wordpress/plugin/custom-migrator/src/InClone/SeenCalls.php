<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\InClone;

use CloneHub\Migrator\Refused;

/** Calls that were already obeyed, one empty file each. They are kept longer than a signature is valid. */
final class SeenCalls
{
    private const KEPT_SECONDS = 3600;

    private string $folder;

    public function __construct(string $folder)
    {
        $this->folder = $folder;
    }

    /** @throws Refused If this call came before. */
    public function take(string $nonce): void
    {
        if (!is_dir($this->folder) && !wp_mkdir_p($this->folder)) {
            throw new Refused(500, 'state');
        }

        foreach (glob($this->folder . '/*') ?: [] as $file) {
            if ((int) @filemtime($file) < time() - self::KEPT_SECONDS) {
                @unlink($file);
            }
        }

        $file = @fopen($this->folder . '/' . hash('sha256', $nonce), 'x');
        if (false === $file) {
            throw new Refused(401, 'replay');
        }

        fclose($file);
    }
}
