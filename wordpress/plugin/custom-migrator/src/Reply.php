<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator;

/**
 * An answer in frames: "CHF1", type, length (32 bit, little endian), payload, CRC-32 of the payload. Type with 0x80 set:
 * the payload is the plain length (32 bit) and a raw deflate stream. An answer is whole only if it ends in END or YIELD;
 * a PHP that dies half-way otherwise looks like a success.
 */
final class Reply
{
    public const JSON = 1;
    public const TABLE = 2;
    public const ROWS = 3;
    public const FILE_LIST = 4;
    public const FILE_DATA = 5;
    public const FILE_ERROR = 6;
    public const ERROR = 7;
    public const END = 8;
    public const YIELD = 9;
    public const BIG_VALUE = 10;
    public const TABLE_END = 11;
    public const HEARTBEAT = 12;

    private const DEFLATED = 0x80;
    private const FLUSH_AT = 262144;
    private const BEAT_SECONDS = 5.0;

    private bool $deflate;
    private float $beat_seconds;
    private int $unflushed = 0;
    private int $sent = 0;
    private float $last;

    /**
     * @param bool  $deflate      Whether the line to the client is slower than compressing.
     * @param float $beat_seconds How long the line may be silent.
     */
    public function __construct(bool $deflate, float $beat_seconds = self::BEAT_SECONDS)
    {
        $this->deflate = $deflate;
        $this->beat_seconds = $beat_seconds;
        $this->last = microtime(true);
        while (ob_get_level() > 0 && @ob_end_clean()) {
            continue;
        }

        @ini_set('zlib.output_compression', '0');
        @ini_set('display_errors', '0');
        if (!headers_sent()) {
            http_response_code(200);
            header('Content-Type: application/octet-stream');
            header('Cache-Control: no-store, no-transform');
            header('X-Accel-Buffering: no');
        }
    }

    /** Bytes of payload so far. */
    public function sent(): int
    {
        return $this->sent;
    }

    public function frame(int $type, string $payload, bool $compressible = false): void
    {
        if ($compressible && $this->deflate && strlen($payload) > 512) {
            $payload = pack('V', strlen($payload)) . gzdeflate($payload, 1);
            $type |= self::DEFLATED;
        }

        echo 'CHF1' . chr($type) . pack('V', strlen($payload)), $payload, pack('V', crc32($payload));
        $this->sent += strlen($payload);
        $this->unflushed += strlen($payload) + 13;
        if ($this->unflushed >= self::FLUSH_AT) {
            $this->flush();
        }
    }

    /** @param array<string|int,mixed> $value */
    public function json(int $type, array $value): void
    {
        $flags = JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_INVALID_UTF8_SUBSTITUTE | JSON_THROW_ON_ERROR;
        $this->frame($type, json_encode((object) $value, $flags), true);
    }

    /** Keeps the connection awake while there is nothing to send. */
    public function beat(): void
    {
        if (microtime(true) - $this->last > $this->beat_seconds) {
            $this->frame(self::HEARTBEAT, '');
            $this->flush();
        }
    }

    private function flush(): void
    {
        flush();
        $this->unflushed = 0;
        $this->last = microtime(true);
    }
}
