<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnTarget;

/**
 * Puts the new tables and files in the places of the old ones, or back. Looks at each what has become of it already, so that it may be broken
 * off anywhere and called again, in either direction. Uses nothing of WordPress.
 */
final class Swap
{
    private const LOCK_SECONDS = 4;

    /** What a server says that goes down, or that has ended this connection. Its client says numbers from 2000 on. */
    private const GOING_AWAY = [1053, 1077, 1079, 1080, 1152, 1184, 1927, 3169];
    private const SAID_BY_CLIENT = 2000;

    private Work $work;

    /** @var array<string,mixed> */
    private array $state;

    public function __construct(Work $work)
    {
        $this->work = $work;
        $this->state = $work->state();
    }

    /**
     * Whether all is there that is to be brought, or brought back, and nothing in its way. To be asked before the first thing is moved only: later on
     * what is missing has been moved already.
     *
     * @param string $state What is about to be done.
     *
     * @return string|null What is missing, or in the way.
     */
    public function lacks(string $state): ?string
    {
        $is_forward = Work::SWAPPING === $state;
        $there = $this->tables($this->connect());
        foreach ((array) ($this->state['tables'] ?? []) as ['live' => $live, 'new' => $new, 'old' => $old, 'replaces' => $replaces]) {
            if ($is_forward && !$replaces && isset($there[$live])) {
                return "the site has got a table $live since the plan.";
            }

            $needed = $is_forward ? array_merge([$new], $replaces ? [$live] : []) : ($replaces ? [$old] : []);
            if ([] !== array_diff($needed, array_keys($there))) {
                return "what belongs to the table $live has been removed.";
            }
        }

        foreach ($is_forward ? $this->work->moves() : [] as [$path, $kind]) {
            [$new, $live] = $this->places($path);
            if ('remove' !== $kind && !self::is_there($new)) {
                return "the staged $path has been removed.";
            }

            if ('add' === $kind && self::is_there($live)) {
                return "the site has got $path since the plan.";
            }
        }

        return null;
    }

    /** @param bool $merges False for a site that has had its new options already, and has gone on with them. */
    public function forward(bool $merges = true): void
    {
        $db = $this->connect();
        if ($merges) {
            $this->merge($db);
        }

        foreach ($this->work->moves() as [$path, $kind]) {
            $this->bring($path, $kind);
        }

        $this->rename($db, $this->renames_forward($db));
    }

    public function backward(): void
    {
        $db = $this->connect();
        $this->rename($db, $this->renames_backward($db));
        foreach (array_reverse($this->work->moves()) as [$path, $kind]) {
            $this->take_back($path, $kind);
        }
    }

    /**
     * A request that is held goes on by what was compiled before, unless that is taken from it file by file. Not by a reset: that counts for
     * later requests only, and as long as one of before is under way all others compile everything anew.
     */
    public function forget_code(): void
    {
        $is_done = function_exists('opcache_invalidate');
        foreach ($is_done ? $this->work->moves() : [] as [$path]) {
            [$new, $live, $old] = $this->places($path);
            foreach (array_unique(array_merge(self::code_in($new), self::code_in($live), self::code_in($old))) as $code) {
                $is_done = @opcache_invalidate($live . $code, true) && $is_done;
            }
        }

        if (!$is_done && function_exists('opcache_reset')) {
            @opcache_reset();
        }
    }

    /** @return string[] What follows the path, of each file of PHP that it is or holds. */
    private static function code_in(string $path): array
    {
        if (is_link($path) || !is_dir($path)) {
            return '.php' === substr($path, -4) ? [''] : [];
        }

        $found = [];
        foreach (array_diff(@scandir($path) ?: [], ['.', '..']) as $name) {
            foreach (self::code_in("$path/$name") as $code) {
                $found[] = "/$name$code";
            }
        }

        return $found;
    }

    /** Whether the database went away. Whoever comes next goes on then; any other failure would only come again. */
    public static function is_away(\RuntimeException $trouble): bool
    {
        return $trouble instanceof \mysqli_sql_exception
            && ($trouble->getCode() >= self::SAID_BY_CLIENT || in_array($trouble->getCode(), self::GOING_AWAY, true));
    }

    /** What production keeps of its options is copied at the last moment. Once the tables have changed places it has been. */
    private function merge(\mysqli $db): void
    {
        $tables = $this->tables($db);
        foreach ((array) ($this->state['merge'] ?? []) as [$table, $sql]) {
            if (isset($tables[$table])) {
                $db->query($sql);
            }
        }
    }

    private function bring(string $path, string $kind): void
    {
        [$new, $live, $old] = $this->places($path);
        $is_due = 'remove' === $kind ? !self::is_there($old) : self::is_there($new);
        // Also what has come to be there since the plan.
        if ($is_due && !self::is_there($old) && self::is_there($live)) {
            self::move($live, $old);
        }

        if ('remove' !== $kind && self::is_there($new)) {
            self::move($new, $live);
        }
    }

    private function take_back(string $path, string $kind): void
    {
        [$new, $live, $old] = $this->places($path);
        if ('remove' !== $kind && !self::is_there($new) && self::is_there($live) && ('add' === $kind || self::is_there($old))) {
            self::move($live, $new);
        }

        if (self::is_there($old)) {
            self::move($old, $live);
        }
    }

    /** @return array{0:string,1:string,2:string} */
    private function places(string $path): array
    {
        return ["{$this->work->folder}/new/$path", "{$this->state['content']}/$path", "{$this->work->folder}/old/$path"];
    }

    private static function is_there(string $path): bool
    {
        clearstatcache(true, $path);
        return file_exists($path) || is_link($path);
    }

    private static function move(string $from, string $to): void
    {
        $folder = dirname($to);
        if ((!is_dir($folder) && !@mkdir($folder, 0755, true) && !is_dir($folder)) || !@rename($from, $to)) {
            throw new \RuntimeException('Cannot move a file or folder named ' . basename($to) . '.');
        }
    }

    /**
     * The server may have done some of them when it went down.
     *
     * @return string[]
     */
    private function renames_forward(\mysqli $db): array
    {
        $there = $this->tables($db);
        $renames = [];
        foreach ((array) ($this->state['tables'] ?? []) as ['live' => $live, 'new' => $new, 'old' => $old]) {
            if (!isset($there[$new])) {
                continue;
            }

            if (isset($there[$live])) {
                $renames[] = self::quote($live) . ' TO ' . self::quote($old);
            }

            $renames[] = self::quote($new) . ' TO ' . self::quote($live);
        }

        return $renames;
    }

    /** @return string[] */
    private function renames_backward(\mysqli $db): array
    {
        $there = $this->tables($db);
        $renames = [];
        foreach ((array) ($this->state['tables'] ?? []) as ['live' => $live, 'new' => $new, 'old' => $old, 'replaces' => $replaces]) {
            $is_kept = isset($there[$old]);
            if ($replaces && !$is_kept) {
                continue;
            }

            if (isset($there[$live]) && !isset($there[$new])) {
                $renames[] = self::quote($live) . ' TO ' . self::quote($new);
            }

            if ($is_kept) {
                $renames[] = self::quote($old) . ' TO ' . self::quote($live);
            }
        }

        return $renames;
    }

    /** @param string[] $renames */
    private function rename(\mysqli $db, array $renames): void
    {
        if ([] !== $renames) {
            $db->query('RENAME TABLE ' . implode(', ', $renames));
        }
    }

    /** @return array<string,bool> */
    private function tables(\mysqli $db): array
    {
        $names = [];
        foreach ($db->query("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'")->fetch_all() as [$name]) {
            $names[(string) $name] = true;
        }

        return $names;
    }

    private function connect(): \mysqli
    {
        mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
        [$host, $port, $socket] = $this->state['server'];
        $db = mysqli_init();
        $db->options(MYSQLI_OPT_CONNECT_TIMEOUT, 5);
        $db->real_connect($host, DB_USER, DB_PASSWORD, DB_NAME, (int) $port, (string) $socket, defined('MYSQL_CLIENT_FLAGS') ? (int) MYSQL_CLIENT_FLAGS : 0);
        $db->query('SET NAMES binary');
        $db->query("SET SESSION time_zone = '+00:00', sql_mode = 'NO_AUTO_VALUE_ON_ZERO', foreign_key_checks = 0, lock_wait_timeout = " . self::LOCK_SECONDS);
        return $db;
    }

    private static function quote(string $name): string
    {
        return '`' . str_replace('`', '``', $name) . '`';
    }
}
