<?php
/**
 * Comes before every request of a site that is shaken. Tells what the code of a restore is about to do and has done, and stops there if that is wanted:
 * functions of its namespaces come before those of PHP.
 */

declare(strict_types=1);

namespace CloneHub\Chaos;

final class Points
{
    public const FOLDER = '{{FOLDER}}';
    private const NAMES = [
        '#\.clonehub-[a-z2-7]{8}-[0-9a-f]{16}#' => 'WORK',
        '#clonehub-[a-z2-7]{8}(-\d+)?#' => 'CONNECTOR',
        '#\bc([ho])[a-z2-7]{8}_#' => 'c$1_',
        '#(parts-|turned\.)\d+#' => '$1N',
        '#_try\w*#' => '_try',
    ];

    private static string $who = '';

    /** @var array<string,int> */
    private static array $seen = [];

    public static function begin(): void
    {
        $op = (string) ($_SERVER['HTTP_X_CLONEHUB_OP'] ?? '');
        $looks = 0 === strpos((string) ($_SERVER['HTTP_USER_AGENT'] ?? ''), 'CloneHub');
        self::$who = '' !== $op ? $op : ($looks ? 'look' : 'page');
        foreach (array_unique(self::spaces()) as $space) {
            self::define($space);
        }

        self::at('begin ' . strtok((string) ($_SERVER['REQUEST_URI'] ?? ''), '?'));
        register_shutdown_function(static fn () => self::at('end'));
    }

    /** @return mixed */
    public static function around(string $what, callable $work)
    {
        self::at($what);
        $result = $work();
        self::at("$what done");
        return $result;
    }

    public static function path(string $path): string
    {
        return ltrim(str_replace((string) ($_SERVER['DOCUMENT_ROOT'] ?? ''), '', $path), '/');
    }

    public static function statement(string $sql): ?string
    {
        $words = '/^\s*(INSERT INTO|REPLACE INTO|CREATE TABLE|RENAME TABLE|DROP TABLE(?: IF EXISTS)?|DELETE FROM|UPDATE|ALTER TABLE|TRUNCATE TABLE)\s+`?([^`\s(]+)/i';
        return preg_match($words, substr($sql, 0, 300), $found) ? "$found[1] $found[2]" : null;
    }

    private static function at(string $what): void
    {
        $label = self::$who . ': ' . preg_replace(array_keys(self::NAMES), array_values(self::NAMES), $what);
        $number = self::$seen[$label] = (self::$seen[$label] ?? 0) + 1;
        $label .= $number > 1 ? " #$number" : '';
        if (is_file(self::FOLDER . '/tracing')) {
            file_put_contents(self::FOLDER . '/trace', "$label\n", FILE_APPEND | LOCK_EX);
        }

        [$wanted, $action] = explode("\n", (string) @file_get_contents(self::FOLDER . '/armed')) + ['', ''];
        if ($wanted === $label && @rename(self::FOLDER . '/armed', self::FOLDER . '/taken')) {
            self::stop($action);
        }
    }

    private static function stop(string $action): void
    {
        file_put_contents(self::FOLDER . '/reached.part', (string) getmypid());
        rename(self::FOLDER . '/reached.part', self::FOLDER . '/reached');
        if ('exit' === $action) {
            exit;
        }

        do {
            usleep(2000);
            clearstatcache();
        } while (!is_file(self::FOLDER . '/go'));
    }

    /** @return string[] */
    private static function spaces(): array
    {
        $root = (string) ($_SERVER['DOCUMENT_ROOT'] ?? '');
        $files = array_merge(
            (array) glob("$root/wp-content/plugins/clonehub-*/src/OnTarget/Work.php"),
            (array) glob("$root/wp-content/.clonehub-*/code/Work.php")
        );
        return array_map(static fn (string $file): string => preg_match('/^namespace (\S+)\\\\OnTarget;/m', (string) @file_get_contents($file), $found) ? $found[1] : 'None', $files);
    }

    private static function define(string $space): void
    {
        foreach (['OnTarget', 'OnSource'] as $part) {
            if (function_exists("$space\\$part\\mysqli_init")) {
                continue;
            }

            eval(
                "namespace $space\\$part;" . <<<'PHP'
                use CloneHub\Chaos\Points as P;
                function rename($from, $to) { return P::around('rename ' . P::path($to), static fn () => \rename($from, $to)); }
                function unlink($path) { return P::around('unlink ' . P::path($path), static fn () => \unlink($path)); }
                function rmdir($path) { return P::around('rmdir ' . P::path($path), static fn () => \rmdir($path)); }
                function mkdir($path, $mode = 0777, $deep = false) { return P::around('mkdir ' . P::path($path), static fn () => \mkdir($path, $mode, $deep)); }
                function touch($path, $time = null) { return P::around('touch ' . P::path($path), static fn () => \touch($path, $time)); }
                function copy($from, $to) { return P::around('copy ' . P::path($to), static fn () => \copy($from, $to)); }
                function mysqli_init() { return new \CloneHub\Chaos\Database(); }
                PHP
            );
        }
    }
}

/** A connection that tells of each statement that changes something. */
final class Database extends \mysqli
{
    #[\ReturnTypeWillChange]
    public function query(string $query, int $mode = MYSQLI_STORE_RESULT)
    {
        $what = Points::statement($query);
        return null === $what ? parent::query($query, $mode) : Points::around($what, fn () => parent::query($query, $mode));
    }
}

if (is_dir(Points::FOLDER) && 'cli' !== PHP_SAPI) {
    Points::begin();
}
