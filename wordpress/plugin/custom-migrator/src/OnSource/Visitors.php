<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnSource;

use CloneHub\Migrator\Reply;

/**
 * Those who look at the site while it is copied; they go first. Each page that WordPress makes holds a shared lock on a file of the site from
 * the moment that our plugin is included, which is before all others, until its request is over (connector.php).
 */
final class Visitors
{
    private const LOOK_EVERY_SECONDS = 0.001;

    /** Of a site that always has visitors the copy takes this part of the time, or it would never end. */
    private const LEAST_SHARE = 0.2;

    /** What an answer may wait before it has done any work. */
    private const AT_FIRST_SECONDS = 0.25;

    private Reply $reply;

    /** @var resource|false|null Opened when it is first looked at. */
    private $lock;
    private float $began;
    private float $looked = 0.0;
    private float $waited = 0.0;

    public function __construct(Reply $reply)
    {
        $this->reply = $reply;
        $this->began = microtime(true);
    }

    /**
     * Between two pieces of work: waits while a page is made.
     *
     * @param float $until When the answer has to end.
     */
    public function let_pass(float $until): void
    {
        $now = microtime(true);
        if ($now - $this->looked < self::LOOK_EVERY_SECONDS || !$this->are_there()) {
            return;
        }

        $worked = $now - $this->began - $this->waited;
        $until = min($until, $now + self::AT_FIRST_SECONDS + $worked * (1 / self::LEAST_SHARE - 1) - $this->waited);
        while (microtime(true) < $until && $this->are_there()) {
            usleep((int) (self::LOOK_EVERY_SECONDS * 1e6));
            $this->reply->beat();
        }

        $this->waited += microtime(true) - $now;
    }

    /** Seconds so far. */
    public function waited(): float
    {
        return round($this->waited, 3);
    }

    /** Twice, because another answer may look in the same moment. */
    private function are_there(): bool
    {
        $this->lock ??= '/' === DIRECTORY_SEPARATOR ? @fopen(is_file(WP_CONTENT_DIR . '/index.php') ? WP_CONTENT_DIR . '/index.php' : ABSPATH . 'wp-load.php', 'rb') : false;
        $this->looked = microtime(true);
        return false !== $this->lock && $this->is_held() && $this->is_held();
    }

    private function is_held(): bool
    {
        if (flock($this->lock, LOCK_EX | LOCK_NB, $would_block)) {
            flock($this->lock, LOCK_UN);
            return false;
        }

        // Where a file that is only read cannot be locked nobody is ever seen.
        return 1 === $would_block;
    }
}
