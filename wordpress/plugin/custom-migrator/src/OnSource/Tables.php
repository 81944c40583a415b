<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnSource;

/** Which tables of the database are this site's. */
final class Tables
{
    private const TRANSACTIONAL = ['INNODB', 'ROCKSDB', 'TOKUDB'];
    private const MARKS_OF_A_SITE = ['options', 'posts', 'users', 'usermeta'];

    private string $prefix;

    /** @var string[] Longer prefixes of other sites in the same database: "wp_shop_" beside "wp_". */
    private array $others = [];

    /** @var array<string,string> By table. */
    private array $engines = [];

    /** @param string[] $names All tables of the database. */
    public function __construct(string $prefix, array $names)
    {
        $this->prefix = $prefix;
        $known = array_flip($names);
        foreach ($names as $name) {
            $other = substr($name, 0, -strlen('options'));
            if ('options' !== substr($name, -7) || $other === $prefix || !$this->has_prefix($name, $prefix)) {
                continue;
            }

            if (4 === count(array_filter(self::MARKS_OF_A_SITE, static fn (string $mark): bool => isset($known[$other . $mark])))) {
                $this->others[] = $other;
            }
        }
    }

    public function owns(string $name): bool
    {
        if (1 === preg_match('/^c[ho][a-z2-7]{8}_(\d+|p)$/', $name)) {
            // Of a restore that is at work.
            return false;
        }

        foreach ($this->others as $other) {
            if ($this->has_prefix($name, $other)) {
                return false;
            }
        }

        return $this->has_prefix($name, $this->prefix);
    }

    /** Of the site that this WordPress serves, views left aside. */
    public static function of_site(\mysqli $db): self
    {
        global $wpdb;
        $rows = Database::rows($db, "SELECT TABLE_NAME, ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'");
        $engines = array_map('strval', array_column($rows, 'ENGINE', 'TABLE_NAME'));
        $tables = new self($wpdb->base_prefix, array_map('strval', array_keys($engines)));
        $tables->engines = $engines;
        return $tables;
    }

    /** @throws \RuntimeException If there is no such table, or another site's. */
    public function require(string $name): string
    {
        if (!isset($this->engines[$name]) || !$this->owns($name)) {
            throw new \RuntimeException("There is no table $name on this site.");
        }

        return $name;
    }

    /** Whether rows of a table are read without a lock on it. */
    public function is_transactional(string $name): bool
    {
        return in_array(strtoupper($this->engines[$name]), self::TRANSACTIONAL, true);
    }

    private function has_prefix(string $name, string $prefix): bool
    {
        return 0 === strncmp($name, $prefix, strlen($prefix));
    }
}
