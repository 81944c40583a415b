<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnTarget;

/** Files that are to take the place of others, or to join them, beside the site until then. */
final class StagedFiles
{
    private string $root;
    private string $live;

    public function __construct(Work $work)
    {
        $this->root = $work->folder . '/new';
        $this->live = (string) $work->state()['content'];
    }

    /**
     * @param array<int,array<int,mixed>> $pieces Per piece: path, offset, length, 1 if it is the last, modification time, mode.
     */
    public function add(array $pieces, string $bytes): void
    {
        $at = 0;
        foreach ($pieces as [$path, $offset, $length, $is_last, $modified, $mode]) {
            $file = $this->place((string) $path);
            self::make_folder(dirname($file));
            $this->write("$file.clonehub-part", (int) $offset, substr($bytes, $at, (int) $length), (int) $length);
            $at += (int) $length;
            if ($is_last) {
                $this->complete($file, (string) $path, (int) $modified, (int) $mode);
            }
        }

        if ($at !== strlen($bytes)) {
            throw new \RuntimeException('A batch of files has a wrong length.');
        }
    }

    /** @param string[] $paths Folders that are new as a whole, or hold nothing. */
    public function make_folders(array $paths): void
    {
        foreach ($paths as $path) {
            self::make_folder($this->place($path));
        }
    }

    /**
     * @param array<int,array{0:string,1:int,2:string}> $files Path, size, MD5.
     *
     * @return int[] Indexes of those that are not there as they should be.
     */
    public function missing(array $files): array
    {
        $missing = [];
        foreach ($files as $index => [$path, $size, $md5]) {
            $file = $this->place($path);
            clearstatcache(true, $file);
            if (!is_file($file) || filesize($file) !== $size || md5_file($file) !== $md5) {
                $missing[] = $index;
            }
        }

        return $missing;
    }

    private function write(string $file, int $offset, string $bytes, int $length): void
    {
        $handle = @fopen($file, 'cb');
        if (false === $handle || strlen($bytes) !== $length || !ftruncate($handle, $offset) || 0 !== fseek($handle, $offset) || $length !== fwrite($handle, $bytes)) {
            throw new \RuntimeException('A file cannot be written; the disk may be full.');
        }

        fclose($handle);
    }

    private function complete(string $file, string $path, int $modified, int $mode): void
    {
        $live = "{$this->live}/$path";
        chmod("$file.clonehub-part", is_file($live) ? fileperms($live) & 0777 : $mode & 0777);
        touch("$file.clonehub-part", $modified);
        if (!rename("$file.clonehub-part", $file)) {
            throw new \RuntimeException('A file cannot be put in its place.');
        }
    }

    private function place(string $path): string
    {
        if ('' === $path || false !== strpos($path, "\0") || preg_match('#(^|/)\.\.?(/|$)|^/|//|\\\\#', $path)) {
            throw new \RuntimeException('A path leaves its root.');
        }

        return "{$this->root}/$path";
    }

    private static function make_folder(string $folder): void
    {
        if (!is_dir($folder) && !@mkdir($folder, 0755, true) && !is_dir($folder)) {
            throw new \RuntimeException('A folder cannot be made.');
        }
    }
}
