<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnTarget;

/**
 * The folder that a restore works in, beside the folders it will change places with: new/ has what comes, old/ what went, state.json how
 * far it is. Uses nothing of WordPress, because a request that finds a swap broken off must mend it before WordPress is loaded.
 */
final class Work
{
    public const STAGING = 'staging';
    public const SWAPPING = 'swapping';
    public const SWAPPED = 'swapped';
    public const REVERTING = 'reverting';
    public const REVERTED = 'reverted';

    private const STEP_MICROSECONDS = 5000;

    public string $folder;

    /** @var array<string,resource> */
    private array $held = [];

    public function __construct(string $folder)
    {
        $this->folder = $folder;
    }

    public function exists(): bool
    {
        return is_file($this->folder . '/state.json');
    }

    /** @return array<string,mixed> */
    public function state(): array
    {
        $state = json_decode((string) @file_get_contents($this->folder . '/state.json'), true);
        return is_array($state) ? $state : ['state' => self::STAGING];
    }

    /** The newest attempt of the job that was heard of here. */
    public function fence(): int
    {
        return (int) @file_get_contents($this->folder . '/fence');
    }

    /** @param array<string,mixed> $changes */
    public function write(array $changes): void
    {
        $this->replace('state.json', (string) json_encode($changes + $this->state(), JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR));
    }

    /** Whole or not at all, whenever the power goes. */
    public function replace(string $name, string $text): void
    {
        self::put($this->folder . '/' . $name, $text);
    }

    public static function put(string $file, string $text): void
    {
        $part = $file . '.part';
        $handle = @fopen($part, 'wb');
        if (false === $handle || strlen($text) !== fwrite($handle, $text) || !fflush($handle)) {
            throw new \RuntimeException('Cannot write ' . basename($file) . '.');
        }

        if (function_exists('fsync')) {
            @fsync($handle);
        }

        fclose($handle);
        if (!rename($part, $file)) {
            throw new \RuntimeException('Cannot replace ' . basename($file) . '.');
        }
    }

    /** @return array<int,array{0:string,1:string}> Path and what becomes of it: add, replace, remove. */
    public function moves(): array
    {
        $moves = [];
        foreach ((array) @file($this->folder . '/moves', FILE_IGNORE_NEW_LINES | FILE_SKIP_EMPTY_LINES) as $line) {
            $moves[] = (array) json_decode((string) $line, true);
        }

        return $moves;
    }

    /**
     * Takes a lock that ends with the process at the latest. "turn" has whoever changes the places; "visitors" is shared by the requests that
     * are being served.
     */
    public function lock(string $name, float $patience): bool
    {
        $handle = $this->held[$name] ?? @fopen("{$this->folder}/$name", 'c');
        if (false === $handle) {
            return false;
        }

        $until = microtime(true) + $patience;
        while (!flock($handle, LOCK_EX | LOCK_NB)) {
            if (microtime(true) >= $until) {
                fclose($handle);
                return false;
            }

            usleep(self::STEP_MICROSECONDS);
        }

        $this->held[$name] = $handle;
        return true;
    }

    public function unlock(): void
    {
        array_map('fclose', $this->held);
        $this->held = [];
    }
}
