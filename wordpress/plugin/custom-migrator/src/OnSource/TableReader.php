<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnSource;

use CloneHub\Migrator\Budget;
use CloneHub\Migrator\Reply;

/**
 * Reads one table in pages by its key, or by position if it has none that can be paged, one row in memory at a time.
 * A value too large for this PHP is left out of its row and follows it in pieces.
 */
final class TableReader
{
    private const PAGE_BYTES = 4194304;
    private const MOST_ROWS = 20000;
    private const FIRST_ROWS = 500;
    private const MAY_BE_BIG = ['mediumtext', 'longtext', 'mediumblob', 'longblob', 'json'];
    private const IS_NULL = "\xff\xff\xff\xff";
    private const FOLLOWS = "\xfe\xff\xff\xff";

    private \mysqli $db;
    private string $table;

    /** @var string[] */
    private array $columns;

    /** @var int[] Positions of the key columns in a row. */
    private array $key_at = [];

    private ?KeyRange $range = null;
    private string $select;
    private bool $has_big;

    /** Whether somebody may be waited for who writes to the table while rows of it are under way. */
    private bool $may_pause;

    /** @var string[]|null Key of the last row sent. */
    private ?array $after = null;
    private int $offset;

    /** @var string[] Conditions, where only a part of the table is asked for. */
    private array $part = [];
    private int $rows = 0;
    private int $page = self::FIRST_ROWS;
    private string $frame = '';
    private int $frame_rows = 0;
    private \HashContext $sum;

    /**
     * @param array<string,array<string,?string>> $described Columns as information_schema tells them.
     * @param array<string,mixed>                 $request
     * @param bool                                $is_transactional Whether rows are read without a lock on the table.
     */
    public function __construct(\mysqli $db, string $table, array $described, array $request, bool $is_transactional)
    {
        $this->may_pause = $is_transactional;
        $this->db = $db;
        $this->table = Database::quote($table);
        $this->columns = array_map('strval', (array) $request['columns']);
        $this->sum = hash_init('crc32b');
        foreach ($this->columns as $column) {
            if (!isset($described[$column])) {
                throw new \RuntimeException("There is no column $column in $table.");
            }
        }

        $key = array_map('strval', (array) ($request['key'] ?? []));
        if (KeyRange::can_page($key, $described) && [] === array_diff($key, $this->columns)) {
            $this->range = new KeyRange($key, $described);
            $this->key_at = array_map(fn (string $column): int => (int) array_search($column, $this->columns, true), $key);
            $after = (array) ($request['after'] ?? []);
            $this->after = [] === $after ? null : array_map(static fn ($value): string => (string) base64_decode((string) $value), $after);
            $this->part = KeyRange::between($key[0], isset($request['above']) ? (string) $request['above'] : null, isset($request['until']) ? (string) $request['until'] : null);
        }

        $this->offset = (int) ($request['offset'] ?? 0);
        $this->select = $this->select($described);
    }

    /**
     * Sends what fits into the answer. The end of the table tells how many rows the server counts in it, null if that took too long.
     *
     * @param bool $is_one_moment All rows come from one snapshot, so that none may be missing.
     *
     * @return bool Whether the table is complete.
     */
    public function send(Reply $reply, Budget $budget, bool $is_one_moment): bool
    {
        do {
            $wanted = $this->page;
            $got = $this->send_page($reply, $budget);
            if ($got < 0) {
                return false;
            }
        } while ($got >= $wanted);

        $this->flush($reply);
        $counted = Database::row($this->db, "SELECT COUNT(*) FROM {$this->table}" . Database::where($this->part), $budget->patience(), [$reply, 'beat']);
        $count = null === $counted ? null : (int) $counted[0];
        if ($is_one_moment && null !== $count && $count !== $this->offset) {
            throw new Incomplete("{$this->table} has $count rows, but {$this->offset} could be read by its key.");
        }

        $reply->json(Reply::TABLE_END, ['rows' => $this->rows, 'crc' => hexdec(hash_final($this->sum)), 'counted' => $count]);
        return true;
    }

    /** @param array<string,array<string,?string>> $described */
    private function select(array $described): string
    {
        $limit = Budget::value_bytes();
        $expressions = [];
        $marks = [];
        foreach ($this->columns as $at => $column) {
            $name = Database::quote($column);
            $type = strtolower((string) $described[$column]['DATA_TYPE']);
            if (in_array($type, self::MAY_BE_BIG, true)) {
                $expressions[] = "IF(LENGTH($name) > $limit, '', $name)";
                $marks[] = "IF(LENGTH($name) > $limit, CONCAT($at, ':', LENGTH($name)), NULL)";
            } elseif ('float' === $type) {
                // As FLOAT the server prints six digits; as DOUBLE it prints the number.
                $expressions[] = "$name + 0e0";
            } else {
                $expressions[] = 'bit' === $type ? "$name + 0" : $name;
            }
        }

        $this->has_big = [] !== $marks;
        if ($this->has_big) {
            $expressions[] = "CONCAT_WS(',', " . implode(', ', $marks) . ')';
        }

        return implode(', ', $expressions);
    }

    /** @return int Rows of the page as the server counted them; -1 if the budget ended it; at least the page's size if there may be more. */
    private function send_page(Reply $reply, Budget $budget): int
    {
        $limit = Budget::frame_bytes();
        $wanted = $this->page;
        $bytes = 0;
        $got = 0;
        $result = $this->db->query($this->page_sql($wanted), MYSQLI_USE_RESULT);
        while (null !== ($row = $result->fetch_row())) {
            $big = $this->has_big ? (string) array_pop($row) : '';
            if ('' !== $big) {
                $this->flush($reply);
                // Frees the connection for the pieces; what the server still holds of this page is asked for again.
                $result->free();
                $this->send_big_row($reply, $row, $big);
                $this->page = max(1, intdiv($wanted, 4));
                return $budget->is_spent() ? -1 : $wanted;
            }

            $bytes += $this->add($row);
            ++$got;
            if (strlen($this->frame) >= $limit) {
                $this->flush($reply);
                if ($this->may_pause ? $budget->is_spent() : $budget->is_over()) {
                    $result->free();
                    return -1;
                }
            }
        }

        $result->free();
        if ($got >= $wanted) {
            $this->page = (int) max(1, min(self::MOST_ROWS, $wanted * 4, intdiv(self::PAGE_BYTES, max(1, intdiv($bytes, $got)))));
        }

        if ($got >= $wanted && $budget->is_spent()) {
            $this->flush($reply);
            return -1;
        }

        return $got;
    }

    private function page_sql(int $rows): string
    {
        if (null === $this->range) {
            return "SELECT {$this->select} FROM {$this->table} USE INDEX () LIMIT {$this->offset}, $rows";
        }

        $where = Database::where(array_merge($this->part, null === $this->after ? [] : [$this->range->after($this->after)]));
        return "SELECT {$this->select} FROM {$this->table}$where ORDER BY " . $this->range->order() . " LIMIT $rows";
    }

    /** @param array<int,?string> $row */
    private function add(array $row): int
    {
        $before = strlen($this->frame);
        foreach ($row as $value) {
            $this->frame .= null === $value ? self::IS_NULL : pack('V', strlen((string) $value)) . $value;
        }

        $this->count($row);
        return strlen($this->frame) - $before;
    }

    /** @param array<int,?string> $row */
    private function count(array $row): void
    {
        ++$this->rows;
        ++$this->offset;
        ++$this->frame_rows;
        if (null !== $this->range) {
            $this->after = array_map(static fn (int $at): string => (string) $row[$at], $this->key_at);
        }
    }

    private function flush(Reply $reply): void
    {
        if (0 === $this->frame_rows) {
            return;
        }

        hash_update($this->sum, $this->frame);
        $reply->frame(Reply::ROWS, pack('VV', $this->frame_rows, count($this->columns)) . $this->frame, true);
        $this->frame = '';
        $this->frame_rows = 0;
    }

    /**
     * @param array<int,?string> $row
     * @param string             $big "column:length" pairs.
     */
    private function send_big_row(Reply $reply, array $row, string $big): void
    {
        $lengths = [];
        foreach (explode(',', $big) as $mark) {
            [$at, $length] = array_map('intval', explode(':', $mark));
            $lengths[$at] = $length;
        }

        foreach ($row as $at => $value) {
            $length = null === $value ? self::IS_NULL : pack('V', strlen((string) $value)) . $value;
            $this->frame .= isset($lengths[$at]) ? self::FOLLOWS : $length;
        }

        $where = null === $this->range
            ? " USE INDEX () LIMIT {$this->offset}, 1"
            : ' WHERE ' . $this->range->exactly(array_map(static fn (int $at): string => (string) $row[$at], $this->key_at));
        $this->count($row);
        $this->flush($reply);
        foreach ($lengths as $at => $length) {
            $this->send_pieces($reply, $at, $length, $where);
        }
    }

    private function send_pieces(Reply $reply, int $at, int $length, string $where): void
    {
        $step = Budget::frame_bytes();
        $name = Database::quote($this->columns[$at]);
        for ($from = 0; $from < $length; $from += $step) {
            $result = $this->db->query('SELECT SUBSTRING(CAST(' . $name . ' AS BINARY), ' . ($from + 1) . ", $step) FROM {$this->table}$where");
            $piece = $result->fetch_row()[0] ?? null;
            $result->free();
            if (null === $piece || strlen($piece) !== min($step, $length - $from)) {
                throw new \RuntimeException("A value of {$this->table}.$name cannot be read in pieces.");
            }

            hash_update($this->sum, $piece);
            $reply->frame(Reply::BIG_VALUE, pack('VPP', $at, $from, $length) . $piece, true);
        }
    }
}
