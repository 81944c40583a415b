<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnTarget;

use CloneHub\Migrator\OnSource\Database;
use CloneHub\Migrator\OnSource\Exclusions;

/** What a site keeps of its options when it gets those of its copy: SQL that runs at the last moment, so that nothing of it is stale. */
final class Options
{
    private string $live;
    private string $new;

    public function __construct(string $live, string $new)
    {
        $this->live = Database::quote($live);
        $this->new = Database::quote($new);
    }

    /**
     * @param string[]      $names    Options that stay, by name.
     * @param string[]      $patterns Options that stay, by the beginning of their name.
     * @param string[]|null $plugins  Plugins whose being active or not stays; null if that is so of all.
     *
     * @return string[]
     */
    public function merge(array $names, array $patterns, ?array $plugins): array
    {
        if (null === $plugins) {
            $names[] = 'active_plugins';
        }

        $kept = implode(' OR ', array_merge(
            ['option_name IN (' . implode(', ', array_map([self::class, 'literal'], $names)) . ')'],
            array_map(static fn (string $pattern): string => 'option_name LIKE ' . self::literal(addcslashes($pattern, '_%\\') . '%'), $patterns)
        ));
        $sql = [
            "DELETE FROM {$this->new} WHERE $kept",
            "REPLACE INTO {$this->new} (option_name, option_value, autoload) SELECT option_name, option_value, autoload FROM {$this->live} WHERE $kept",
            "UPDATE {$this->new} SET option_value = '' WHERE option_name = 'rewrite_rules'",
        ];
        if (null !== $plugins) {
            $sql[] = "UPDATE {$this->new} SET option_value = " . self::literal(serialize($this->active($plugins))) . " WHERE option_name = 'active_plugins'";
        }

        return $sql;
    }

    /**
     * The copy's list, but for those plugins of which the site decides itself. Connectors come first, as they do now.
     *
     * @param string[] $kept Folders.
     *
     * @return string[]
     */
    private function active(array $kept): array
    {
        global $wpdb;
        $of_site = static fn (string $plugin): bool => Exclusions::is_connector(dirname($plugin)) || in_array(strtok($plugin, '/'), $kept, true);
        $mine = array_map('strval', (array) get_option('active_plugins', []));
        $value = (string) $wpdb->get_var("SELECT option_value FROM {$this->new} WHERE option_name = 'active_plugins'");
        $theirs = array_map('strval', (array) @unserialize($value, ['allowed_classes' => false]));
        return array_values(array_unique(array_merge(
            array_filter($mine, $of_site),
            array_filter($theirs, static fn (string $plugin): bool => '' !== $plugin && !$of_site($plugin) && 'custom-migrator/custom-migrator.php' !== $plugin)
        )));
    }

    private static function literal(string $text): string
    {
        return "'" . addcslashes($text, "'\\") . "'";
    }
}
