<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnSource;

/**
 * Those who look at the site while it is copied; they go first. Each page that WordPress makes holds a shared lock on our job file from
 * the moment that our plugin is included, which is before all others, until its request is over.
 */
final class Visitors
{
    private const LOOK_EVERY_MICROSECONDS = 1000;

    /** Of a site that always has visitors the copy takes this part of the time, or it would never end. */
    private const LEAST_SHARE = 0.2;

    /** What an answer may wait before it has done any work. */
    private const AT_FIRST_SECONDS = 0.25;

    /** @var resource|false */
    private $lock;
    private float $began;
    private float $waited = 0.0;

    public function __construct(Job $job)
    {
        // Elsewhere a file that is open could not be removed.
        $this->lock = '/' === DIRECTORY_SEPARATOR ? @fopen("{$job->folder}/job.php", 'rb') : false;
        $this->began = microtime(true);
    }

    /** Between two pieces of work: waits while a page is made. */
    public function let_pass(): void
    {
        if (!$this->are_waiting()) {
            return;
        }

        $now = microtime(true);
        $worked = $now - $this->began - $this->waited;
        $until = $now + self::AT_FIRST_SECONDS + $worked * (1 / self::LEAST_SHARE - 1) - $this->waited;
        while (microtime(true) < $until && $this->are_waiting()) {
            usleep(self::LOOK_EVERY_MICROSECONDS);
        }

        $this->waited += microtime(true) - $now;
    }

    public function waited(): float
    {
        return round($this->waited, 3);
    }

    private function are_waiting(): bool
    {
        if (false === $this->lock) {
            return false;
        }

        if (flock($this->lock, LOCK_EX | LOCK_NB, $would_block)) {
            flock($this->lock, LOCK_UN);
            return false;
        }

        // Where locks do not work nobody is ever seen.
        return 1 === $would_block;
    }
}
