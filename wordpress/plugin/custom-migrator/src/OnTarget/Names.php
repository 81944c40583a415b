<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnTarget;

use CloneHub\Migrator\OnSource\Job;

/** Names of the tables of one restore: numbers, because a name of 64 letters leaves no room for another word. */
final class Names
{
    private string $key;

    public function __construct(Job $job)
    {
        $this->key = substr($job->id, 4, 8);
    }

    public function of_new(int $number): string
    {
        return "ch{$this->key}_$number";
    }

    public function of_old(int $number): string
    {
        return "co{$this->key}_$number";
    }

    public function progress(): string
    {
        return "ch{$this->key}_p";
    }

    /** @return string[] Those that there are. */
    public function all(\mysqli $db): array
    {
        $names = $db->query("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()")->fetch_all();
        return array_values(array_filter(array_map('strval', array_column($names, 0)), fn (string $name): bool => 1 === preg_match("/^c[ho]{$this->key}_(\\d+|p)$/", $name)));
    }
}
