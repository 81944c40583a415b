<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnSource;

/** A connection of our own: WordPress' one escapes "%", converts character sets and buffers results. */
final class Database
{
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

    /** Binary-safe literal that depends on no character set. */
    public static function hex(string $bytes): string
    {
        return '' === $bytes ? "''" : '0x' . bin2hex($bytes);
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
