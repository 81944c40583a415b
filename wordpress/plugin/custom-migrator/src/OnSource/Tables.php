<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnSource;

/** Which tables of the database are this site's. */
final class Tables
{
    private const MARKS_OF_A_SITE = ['options', 'posts', 'users', 'usermeta'];

    private string $prefix;

    /** @var string[] Longer prefixes of other sites in the same database: "wp_shop_" beside "wp_". */
    private array $others = [];

    /** @var array<string,int> */
    private array $known;

    /** @param string[] $names All tables of the database. */
    public function __construct(string $prefix, array $names)
    {
        $this->prefix = $prefix;
        $this->known = $known = array_flip($names);
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

    /** @throws \RuntimeException If there is no such table, or another site's. */
    public function require(string $name): string
    {
        if (!isset($this->known[$name]) || !$this->owns($name)) {
            throw new \RuntimeException("There is no table $name on this site.");
        }

        return $name;
    }

    private function has_prefix(string $name, string $prefix): bool
    {
        return 0 === strncmp($name, $prefix, strlen($prefix));
    }
}
