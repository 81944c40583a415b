<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnSource;

/** Conditions on a table's key: "everything after this row", "exactly this row". */
final class KeyRange
{
    private const NUMBERS = ['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'float', 'double', 'bit', 'year'];

    /** Sorted by something else than what they are compared by: such a key cannot be paged. */
    private const UNORDERED = ['enum', 'set', 'json', 'geometry', 'uuid', 'inet4', 'inet6'];

    /** @var string[] */
    private array $key;

    /** @var array<string,array<string,?string>> */
    private array $columns;

    /**
     * @param string[]                              $key
     * @param array<string,array<string,?string>> $columns
     */
    public function __construct(array $key, array $columns)
    {
        $this->key = $key;
        $this->columns = $columns;
    }

    /**
     * @param string[]                              $key
     * @param array<string,array<string,?string>> $columns
     */
    public static function can_page(array $key, array $columns): bool
    {
        foreach ($key as $column) {
            if (in_array(strtolower((string) $columns[$column]['DATA_TYPE']), self::UNORDERED, true)) {
                return false;
            }
        }

        return [] !== $key;
    }

    public function order(): string
    {
        return implode(', ', array_map([Database::class, 'quote'], $this->key));
    }

    /** @param string[] $row Key values. (a, b) > (x, y) as "a >= x AND (a > x OR (a = x AND b > y))", which uses the index. */
    public function after(array $row): string
    {
        $first = Database::quote($this->key[0]);
        $alternatives = [];
        $equal = '';
        foreach ($this->key as $at => $column) {
            $name = Database::quote($column);
            $literal = $this->literal($column, $row[$at]);
            $alternatives[] = "($equal$name > $literal)";
            $equal .= "$name = $literal AND ";
        }

        return "$first >= " . $this->literal($this->key[0], $row[0]) . ' AND (' . implode(' OR ', $alternatives) . ')';
    }

    /**
     * @param string      $column Of whole numbers.
     * @param string|null $above  They are greater than this.
     * @param string|null $until  The greatest one.
     *
     * @return string[] Conditions.
     */
    public static function between(string $column, ?string $above, ?string $until): array
    {
        foreach ([$above, $until] as $end) {
            if (null !== $end && 1 !== preg_match('/^-?\d+$/D', $end)) {
                throw new \RuntimeException("The end of a range of $column is not a whole number.");
            }
        }

        $name = Database::quote($column);
        return array_merge(null === $above ? [] : ["$name > $above"], null === $until ? [] : ["$name <= $until"]);
    }

    /** @param string[] $row Key values. */
    public function exactly(array $row): string
    {
        $conditions = [];
        foreach ($this->key as $at => $column) {
            $conditions[] = Database::quote($column) . ' = ' . $this->literal($column, $row[$at]);
        }

        return implode(' AND ', $conditions);
    }

    private function literal(string $column, string $value): string
    {
        $type = strtolower((string) $this->columns[$column]['DATA_TYPE']);
        if (in_array($type, self::NUMBERS, true)) {
            if (!is_numeric($value)) {
                throw new \RuntimeException("Key column $column: '$value' is not a number.");
            }

            return $value;
        }

        $charset = (string) $this->columns[$column]['CHARACTER_SET_NAME'];
        if ('' !== $charset) {
            return 'CONVERT(' . Database::hex($value) . " USING $charset) COLLATE " . $this->columns[$column]['COLLATION_NAME'];
        }

        // Dates and times compare as what they are only with a character literal, byte strings only with a binary one.
        return preg_match('/^(date|datetime|timestamp|time)$/', $type) ? "'" . preg_replace('/[^0-9:. -]/', '', $value) . "'" : Database::hex($value);
    }
}
