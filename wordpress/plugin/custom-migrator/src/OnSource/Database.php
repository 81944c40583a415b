<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnSource;

/** A connection of our own: WordPress' one escapes "%", converts character sets and buffers results. */
final class Database
{
    private const INTERRUPTED = 1317;

    public static function connect(string $charset): \mysqli
    {
        global $wpdb;
        mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
        $parsed = $wpdb->parse_db_host(DB_HOST);
        [$host, $port, $socket, $is_ipv6] = is_array($parsed) ? $parsed : [DB_HOST, null, null, false];
        if ($is_ipv6 && extension_loaded('mysqlnd')) {
            $host = "[$host]";
        }

        $db = mysqli_init();
        $flags = defined('MYSQL_CLIENT_FLAGS') ? (int) MYSQL_CLIENT_FLAGS : 0;
        $db->real_connect($host, DB_USER, DB_PASSWORD, DB_NAME, (int) $port, (string) $socket, $flags);
        $db->query("SET NAMES $charset");
        $db->query("SET SESSION time_zone = '+00:00', sql_mode = '', net_write_timeout = 600");
        return $db;
    }

    public static function quote(string $identifier): string
    {
        return '`' . str_replace('`', '``', $identifier) . '`';
    }

    /** @param string[] $conditions */
    public static function where(array $conditions): string
    {
        return [] === $conditions ? '' : ' WHERE ' . implode(' AND ', $conditions);
    }

    /** From now on all tables whose engine knows transactions show this moment. */
    public static function begin_snapshot(\mysqli $db): void
    {
        $db->query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
        $db->query('START TRANSACTION /*!40100 WITH CONSISTENT SNAPSHOT */');
    }

    /** Binary-safe literal that depends on no character set. */
    public static function hex(string $bytes): string
    {
        return '' === $bytes ? "''" : '0x' . bin2hex($bytes);
    }

    /**
     * One row that the server may take its time for. Meanwhile somebody is kept awake, where this PHP can wait without blocking.
     *
     * @param float    $seconds Afterwards the statement is stopped and null returned.
     * @param callable $beat    Called every half second.
     *
     * @return array<int,?string>|null
     */
    public static function row(\mysqli $db, string $sql, float $seconds, callable $beat): ?array
    {
        if (!function_exists('mysqli_poll') || !defined('MYSQLI_ASYNC')) {
            return $db->query($sql)->fetch_row();
        }

        $until = microtime(true) + $seconds;
        $is_stopped = false;
        $db->query($sql, MYSQLI_ASYNC);
        while (!self::has_answered($db)) {
            $beat();
            if (!$is_stopped && microtime(true) >= $until) {
                $is_stopped = true;
                self::stop($db);
            }
        }

        try {
            $result = $db->reap_async_query();
            $row = $result->fetch_row();
            $result->free();
            return $row;
        } catch (\mysqli_sql_exception $trouble) {
            if ($is_stopped && self::INTERRUPTED === $trouble->getCode()) {
                return null;
            }

            throw $trouble;
        }
    }

    private static function has_answered(\mysqli $db): bool
    {
        $read = $failed = $refused = [$db];
        return mysqli_poll($read, $failed, $refused, 0, 500000) > 0;
    }

    /** By a second connection, since the first one is busy. Its transaction goes on. */
    private static function stop(\mysqli $db): void
    {
        try {
            $other = self::connect('binary');
            $other->query('KILL QUERY ' . $db->thread_id);
            $other->close();
        } catch (\mysqli_sql_exception $trouble) {
            // A server that allows no second connection has to be waited for.
            unset($trouble);
        }
    }

    /** @return array<int,array<string,?string>> */
    public static function rows(\mysqli $db, string $sql): array
    {
        $result = $db->query($sql);
        $rows = $result->fetch_all(MYSQLI_ASSOC);
        $result->free();
        return $rows;
    }
}
