<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator;

use CloneHub\Migrator\OnSource\Visitors;

/** How long one answer may take and how much memory it may use on this PHP. */
final class Budget
{
    private const MOST_SECONDS = 25.0;
    private const LEAST_PATIENCE = 10.0;
    private const LARGEST_FRAME = 262144;
    private const LARGEST_VALUE = 1048576;

    private Reply $reply;
    private Visitors $visitors;
    private float $until;
    private float $latest;
    private int $bytes;

    /** @param array<string,mixed> $arguments "seconds" and "bytes" as the client wishes; 0 bytes means no limit. */
    public function __construct(Reply $reply, Visitors $visitors, array $arguments)
    {
        $this->reply = $reply;
        $this->visitors = $visitors;
        $this->bytes = (int) ($arguments['bytes'] ?? 0);
        $seconds = min(self::MOST_SECONDS, max(0.0, (float) ($arguments['seconds'] ?? self::MOST_SECONDS)));
        $started = (float) ($_SERVER['REQUEST_TIME_FLOAT'] ?? microtime(true));
        $limit = (int) ini_get('max_execution_time');
        $now = microtime(true);
        // However long visitors are waited for, a client that asked for little has its reasons.
        $this->latest = $now + min(self::MOST_SECONDS, max(2 * $seconds, $seconds + 1));
        if ($limit > 0) {
            $this->latest = min($this->latest, $started + 0.7 * $limit);
        }

        $this->until = min($this->latest, $now + $seconds);
    }

    /** Asked between two pieces of work: whoever visits the site meanwhile goes first. */
    public function is_spent(): bool
    {
        $before = $this->visitors->waited();
        $this->visitors->let_pass($this->latest);
        $this->until = min($this->latest, $this->until + $this->visitors->waited() - $before);
        return $this->is_over();
    }

    /** The same where nobody may be waited for. */
    public function is_over(): bool
    {
        return microtime(true) >= $this->until || ($this->bytes > 0 && $this->reply->sent() >= $this->bytes);
    }

    /** Seconds that this answer has waited for the site's visitors so far. */
    public function waited(): float
    {
        return $this->visitors->waited();
    }

    /** Seconds that one statement may take which ends an answer: what is left, or a little more. */
    public function patience(): float
    {
        return max(self::LEAST_PATIENCE, $this->until - microtime(true));
    }

    /** Payload size at which a frame is sent. */
    public static function frame_bytes(): int
    {
        $limit = self::memory_limit();
        return $limit > 0 ? max(16384, min(self::LARGEST_FRAME, intdiv($limit, 64))) : self::LARGEST_FRAME;
    }

    /** Size from which a value of the database is fetched and sent in pieces. */
    public static function value_bytes(): int
    {
        $limit = self::memory_limit();
        return $limit > 0 ? max(65536, min(self::LARGEST_VALUE, intdiv($limit, 64))) : self::LARGEST_VALUE;
    }

    /** memory_limit in bytes; -1 means none. */
    public static function memory_limit(): int
    {
        return wp_convert_hr_to_bytes((string) ini_get('memory_limit'));
    }
}
