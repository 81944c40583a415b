<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator;

use CloneHub\Migrator\OnSource\Database;
use CloneHub\Migrator\OnSource\KeyRange;

/** Counts and sums the rows of a table. A sum does not mind the order of rows, so a large table is summed in pieces, with a sign of life after each. */
final class Sums
{
    /** Stands for NULL in a sum; no CRC-32 is that large. */
    private const NULL_MARK = '4294967311';
    private const ROWS_AT_ONCE = 50000;

    /** More rows than that take too long to count while visitors wait. */
    private const MOST_COUNTED = 50000;

    private \mysqli $db;
    private Reply $reply;

    public function __construct(\mysqli $db, Reply $reply)
    {
        $this->db = $db;
        $this->reply = $reply;
    }

    /**
     * @param array<int,array{0:string,1:bool}>                 $columns Each, and whether it is compared.
     * @param string|null                                       $key     A column of whole numbers that leads to one row each.
     * @param array<int,array{0:string,1:string[],2:string[]}> $skip    Rows that do not count: a column, values of it, beginnings of values.
     *
     * @return string[] Number of rows, a sum for each column and one of the rows.
     */
    public function of(string $table, array $columns, ?string $key, array $skip = []): array
    {
        $select = 'SELECT ' . implode(', ', self::expressions($columns)) . ' FROM ' . Database::quote($table);
        $sums = array_fill(0, count($columns) + 2, 0);
        $after = null;
        do {
            $end = null === $key ? null : self::end_of_piece($this->db, $table, $key, $after, null);
            $where = array_merge($this->counted($skip), null === $key ? [] : KeyRange::between($key, $after, $end));
            $row = $this->db->query($select . Database::where($where))->fetch_row();
            foreach ($row as $at => $sum) {
                $sums[$at] += (int) $sum;
            }

            $after = $end;
            $this->reply->beat();
        } while (null !== $end);

        return array_map('strval', $sums);
    }

    /**
     * @param string[] $columns
     *
     * @return string An expression: one number for each row.
     */
    public static function of_row(array $columns): string
    {
        return [] === $columns ? '0' : "CRC32(CONCAT_WS(',', " . implode(', ', array_map([self::class, 'of_value'], $columns)) . '))';
    }

    /**
     * @param array<int,array{0:string,1:string[],2:string[]}> $skip
     *
     * @return array<string,int> How many rows came after one, for each value of a column.
     */
    public function kinds(string $table, string $key, int $after, ?string $by, array $skip): array
    {
        $kind = null === $by ? "''" : Database::quote($by);
        $where = Database::where(array_merge($this->counted($skip), KeyRange::between($key, (string) $after, null)));
        $found = $this->db->query("SELECT $kind, COUNT(*) FROM " . Database::quote($table) . "$where GROUP BY 1")->fetch_all();
        $this->reply->beat();
        return array_map('intval', array_column($found, 1, 0));
    }

    /**
     * @param array<int,array{0:string,1:string[],2:string[]}> $skip
     * @param int                                               $rows Those that count, when they were last seen.
     * @param int|null                                          $last The last one of all.
     */
    public function ends_as(string $table, ?string $key, array $skip, int $rows, ?int $last): bool
    {
        $from = ' FROM ' . Database::quote($table);
        if (null !== $key && [] === $skip) {
            $found = $this->db->query('SELECT MAX(' . Database::quote($key) . ")$from")->fetch_row()[0];
            if ((null === $found ? null : (int) $found) !== $last) {
                return false;
            }
        }

        return $rows > self::MOST_COUNTED || $rows === (int) $this->db->query("SELECT COUNT(*)$from" . Database::where($this->counted($skip)))->fetch_row()[0];
    }

    /**
     * @param array<int,array{0:string,1:bool}> $columns
     *
     * @return string[]
     */
    private static function expressions(array $columns): array
    {
        $select = ['COUNT(*)'];
        $compared = [];
        foreach ($columns as [$column, $is_compared]) {
            $select[] = $is_compared ? 'COALESCE(SUM(' . self::of_value((string) $column) . '), 0)' : '0';
            if ($is_compared) {
                $compared[] = (string) $column;
            }
        }

        $select[] = 'COALESCE(SUM(' . self::of_row($compared) . '), 0)';
        return $select;
    }

    private static function of_value(string $column): string
    {
        return 'COALESCE(CRC32(' . Database::quote($column) . '), ' . self::NULL_MARK . ')';
    }

    /** @return string|null Null if all rows of the range make one piece. */
    public static function end_of_piece(\mysqli $db, string $table, string $key, ?string $above, ?string $until): ?string
    {
        $column = Database::quote($key);
        $where = Database::where(KeyRange::between($key, $above, $until));
        $found = $db->query("SELECT $column FROM " . Database::quote($table) . "$where ORDER BY $column LIMIT 1 OFFSET " . (self::ROWS_AT_ONCE - 1))->fetch_row();
        return null === $found || 1 !== preg_match('/^-?\d+$/', (string) $found[0]) ? null : (string) $found[0];
    }

    /**
     * @param array<int,array{0:string,1:string[],2:string[]}> $skip
     *
     * @return string[] Conditions of the rows that count. Compared byte by byte, as whoever sums them elsewhere does.
     */
    private function counted(array $skip): array
    {
        $literal = fn (string $text): string => "'" . $this->db->real_escape_string($text) . "'";
        $conditions = [];
        foreach ($skip as [$column, $values, $beginnings]) {
            $value = "COALESCE(CAST(" . Database::quote((string) $column) . " AS BINARY), '')";
            if ([] !== $values) {
                $conditions[] = "$value NOT IN (" . implode(', ', array_map($literal, $values)) . ')';
            }

            foreach ($beginnings as $beginning) {
                $conditions[] = "LEFT($value, " . strlen((string) $beginning) . ') <> ' . $literal((string) $beginning);
            }
        }

        return $conditions;
    }
}
