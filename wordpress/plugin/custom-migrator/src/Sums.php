<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator;

use CloneHub\Migrator\OnSource\Database;

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
        return array_map('strval', (array) $this->add_up(self::expressions($columns), $table, $key, $this->counted($skip), null, null, null));
    }

    /**
     * @param array<int,array{0:string,1:bool}> $columns
     * @param string|null                        $above  Keys of the rows are greater than this.
     * @param string|null                        $until  The greatest key.
     * @param Budget                             $budget Lets visitors pass between two pieces, and tells how long one may take.
     *
     * @return string[]|null Number of rows and a sum of them; null if that took too long.
     */
    public function of_range(string $table, array $columns, ?string $key, ?string $above, ?string $until, Budget $budget): ?array
    {
        $expressions = self::expressions($columns);
        $sums = $this->add_up([$expressions[0], end($expressions)], $table, $key, [], $above, $until, $budget);
        return null === $sums ? null : array_map('strval', $sums);
    }

    /**
     * @param array<int,array{0:string,1:string[],2:string[]}> $skip
     *
     * @return array<string,int> How many rows came after one, for each value of a column.
     */
    public function kinds(string $table, string $key, int $after, ?string $by, array $skip): array
    {
        $kind = null === $by ? "''" : Database::quote($by);
        $where = array_merge($this->counted($skip), [Database::quote($key) . " > $after"]);
        $found = $this->db->query("SELECT $kind, COUNT(*) FROM " . Database::quote($table) . ' WHERE ' . implode(' AND ', $where) . ' GROUP BY 1')->fetch_all();
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

        $where = $this->counted($skip);
        return $rows > self::MOST_COUNTED || $rows === (int) $this->db->query("SELECT COUNT(*)$from" . ([] === $where ? '' : ' WHERE ' . implode(' AND ', $where)))->fetch_row()[0];
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
            $value = 'COALESCE(CRC32(' . Database::quote((string) $column) . '), ' . self::NULL_MARK . ')';
            $select[] = $is_compared ? "COALESCE(SUM($value), 0)" : '0';
            if ($is_compared) {
                $compared[] = $value;
            }
        }

        $select[] = [] === $compared ? '0' : 'COALESCE(SUM(CRC32(CONCAT_WS(\',\', ' . implode(', ', $compared) . '))), 0)';
        return $select;
    }

    /**
     * @param string[] $expressions
     * @param string[] $conditions
     *
     * @return int[]|null One for each expression; null if one of the pieces took too long.
     */
    private function add_up(array $expressions, string $table, ?string $key, array $conditions, ?string $above, ?string $until, ?Budget $budget): ?array
    {
        $sums = array_fill(0, count($expressions), 0);
        do {
            $end = null === $key ? null : $this->end_of_piece($table, $key, $above, $until);
            $where = null === $key ? $conditions : array_merge($conditions, self::between($key, $above, $end ?? $until));
            $sql = 'SELECT ' . implode(', ', $expressions) . ' FROM ' . Database::quote($table) . ([] === $where ? '' : ' WHERE ' . implode(' AND ', $where));
            $row = Database::row($this->db, $sql, null === $budget ? INF : $budget->patience(), [$this->reply, 'beat']);
            if (null === $row) {
                return null;
            }

            foreach ($row as $at => $sum) {
                $sums[$at] += (int) $sum;
            }

            $above = $end;
            $this->reply->beat();
            if (null !== $end && null !== $budget) {
                $budget->is_spent();
            }
        } while (null !== $end);

        return $sums;
    }

    private function end_of_piece(string $table, string $key, ?string $above, ?string $until): ?string
    {
        $column = Database::quote($key);
        $where = self::between($key, $above, $until);
        $sql = "SELECT $column FROM " . Database::quote($table) . ([] === $where ? '' : ' WHERE ' . implode(' AND ', $where));
        $found = $this->db->query("$sql ORDER BY $column LIMIT 1 OFFSET " . (self::ROWS_AT_ONCE - 1))->fetch_row();
        return null === $found || 1 !== preg_match('/^-?\d+$/', (string) $found[0]) ? null : (string) $found[0];
    }

    /** @return string[] Conditions. */
    private static function between(string $key, ?string $above, ?string $until): array
    {
        return array_merge(null === $above ? [] : [Database::quote($key) . " > $above"], null === $until ? [] : [Database::quote($key) . " <= $until"]);
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
