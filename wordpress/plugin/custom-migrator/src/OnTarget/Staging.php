<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnTarget;

use CloneHub\Migrator\OnSource\Database;
use CloneHub\Migrator\Reply;
use CloneHub\Migrator\Sums;

/** Fills tables beside those of the site. Each batch of rows counts once, however often it is sent. */
final class Staging
{
    private const LARGEST_STATEMENT = 1048576;
    private const NULL_LENGTH = 0xffffffff;

    /** Of the time that visitors are held. */
    private const LOOK_SECONDS = 0.15;

    private \mysqli $db;
    private Names $names;
    private int $statement;

    public function __construct(Names $names)
    {
        $this->names = $names;
        $this->db = Database::connect('binary');
        $this->db->query("SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO', foreign_key_checks = 0");
        $this->statement = (int) min(self::LARGEST_STATEMENT, intdiv((int) $this->db->query('SELECT @@max_allowed_packet')->fetch_row()[0], 2));
    }

    /**
     * What tells whether the tables of an earlier attempt are those that are wanted.
     *
     * @param array<int,array<string,mixed>> $tables
     */
    public static function definition(array $tables): string
    {
        $parts = array_map(static fn (array $table): array => [$table['live'], $table['replaces'], preg_replace('/ AUTO_INCREMENT=\d+/', '', (string) ($table['create_sql'] ?? ''))], $tables);
        return md5((string) json_encode($parts, JSON_INVALID_UTF8_SUBSTITUTE));
    }

    /** Whether all tables that an earlier attempt made are there still. */
    public function is_there(int $tables): bool
    {
        $expected = array_map([$this->names, 'of_new'], array_keys(array_fill(0, $tables, null)));
        return [] === array_diff(array_merge($expected, [$this->names->progress()]), $this->names->all($this->db));
    }

    /** @param array<int,array<string,mixed>> $tables Each with live and either like or create_sql, whose table is called {table}. */
    public function create(array $tables): void
    {
        $this->drop();
        $progress = Database::quote($this->names->progress());
        $this->db->query("CREATE TABLE $progress (number INT PRIMARY KEY, batch INT NOT NULL, fence BIGINT NOT NULL) ENGINE=InnoDB");
        foreach ($tables as $number => $table) {
            $new = Database::quote($this->names->of_new((int) $number));
            $this->db->query(
                isset($table['create_sql'])
                    ? str_replace('{table}', $new, (string) $table['create_sql'])
                    : "CREATE TABLE $new LIKE " . Database::quote((string) $table['live'])
            );
        }
    }

    /** @param array<int,array<string,mixed>> $tables With the number that their next row gets. It rises while the site is visited. */
    public function number(array $tables): void
    {
        foreach ($tables as $number => $table) {
            if ((int) ($table['auto_increment'] ?? 0) > 0) {
                $this->db->query('ALTER TABLE ' . Database::quote($this->names->of_new((int) $number)) . ' AUTO_INCREMENT = ' . (int) $table['auto_increment']);
            }
        }
    }

    /**
     * @param string[] $columns
     * @param string[] $kinds   Per column how its text becomes a value: "" as it is, "n" a number, "u" by way of UTF-8.
     *
     * @param int      $fence   Of the attempt: what another one brought of this table goes.
     *
     * @return int Rows of the batch that are there now.
     */
    public function add(int $number, int $batch, array $columns, array $kinds, int $rows, string $values, int $fence): int
    {
        $progress = Database::quote($this->names->progress());
        [$done, $owner] = array_map('intval', $this->db->query("SELECT batch, fence FROM $progress WHERE number = $number")->fetch_row() ?? [0, $fence]);
        if ($owner !== $fence) {
            $this->db->query('TRUNCATE TABLE ' . Database::quote($this->names->of_new($number)));
            $done = 0;
        }

        if ($batch <= $done) {
            return $rows;
        }

        if ($batch !== $done + 1) {
            throw new \RuntimeException("Batch $batch of a table came after batch $done.");
        }

        $this->db->begin_transaction();
        $this->insert(Database::quote($this->names->of_new($number)), $columns, $kinds, $rows, $values);
        $this->db->query("REPLACE INTO $progress VALUES ($number, $batch, $fence)");
        $this->db->commit();
        return $rows;
    }

    /**
     * @param array<int,array{columns:array<int,array{0:string,1:bool}>,key:?string}> $tables By number.
     *
     * @return array<int,string[]>
     */
    public function sums(array $tables, Reply $reply): array
    {
        $sums = new Sums($this->db, $reply);
        $result = [];
        foreach ($tables as $number => ['columns' => $columns, 'key' => $key]) {
            $result[$number] = $sums->of($this->names->of_new((int) $number), $columns, $key);
        }

        return $result;
    }

    /**
     * The site's own tables as they are now, or what lies in the place of one beside them.
     *
     * @param array<int,array<string,mixed>> $tables Each by its name at the site; with staged or laid_aside, a number, what is to come or what went is looked at.
     *
     * @return array<string,array<string,mixed>>
     */
    public function marks(array $tables, Reply $reply): array
    {
        $sums = new Sums($this->db, $reply);
        $marks = [];
        foreach ($tables as $table) {
            ['name' => $name, 'columns' => $columns, 'key' => $key, 'skip' => $skip, 'after' => $after, 'by' => $by] = $table;
            $place = $this->place_of($table);
            $of_all = 'SELECT COUNT(*)' . (null === $key ? '' : ', MAX(' . Database::quote($key) . ')') . ' FROM ' . Database::quote($place);
            $all = $this->db->query($of_all)->fetch_row();
            $marks[$name] = [
                'rows' => (int) $all[0],
                'last' => isset($all[1]) ? (int) $all[1] : null,
                'sums' => $sums->of($place, $columns, $key, $skip),
                'added' => null === $key || null === $after ? null : (object) $sums->kinds($place, $key, (int) $after, $by, $skip),
            ];
        }

        return $marks;
    }

    /**
     * Asked while visitors are held: how many rows there are, and which is the last. An order, a comment or a post more or less shows; one that was edited does not.
     *
     * @param array<int,array<string,mixed>> $tables As they were seen, those that matter most first.
     *
     * @return string[] Names of those that are not so any more; in those that there was no time for nothing is found.
     */
    public function changed(array $tables, Reply $reply): array
    {
        $sums = new Sums($this->db, $reply);
        $until = microtime(true) + self::LOOK_SECONDS;
        $changed = [];
        foreach ($tables as ['name' => $name, 'key' => $key, 'skip' => $skip, 'rows' => $rows, 'last' => $last]) {
            if (microtime(true) >= $until) {
                break;
            }

            if (!$sums->ends_as($name, $key, $skip, (int) $rows, null === $last ? null : (int) $last)) {
                $changed[] = $name;
            }
        }

        return $changed;
    }

    /** @param array<string,mixed> $table */
    private function place_of(array $table): string
    {
        if (isset($table['staged'])) {
            return $this->names->of_new((int) $table['staged']);
        }

        return isset($table['laid_aside']) ? $this->names->of_old((int) $table['laid_aside']) : (string) $table['name'];
    }

    /** All tables of this restore, those that went as well. */
    public function drop(): void
    {
        foreach ($this->names->all($this->db) as $name) {
            $this->db->query('DROP TABLE IF EXISTS ' . Database::quote($name));
        }
    }

    /**
     * @param string[] $columns
     * @param string[] $kinds
     */
    private function insert(string $table, array $columns, array $kinds, int $rows, string $values): void
    {
        $into = "INSERT INTO $table (" . implode(', ', array_map([Database::class, 'quote'], $columns)) . ') VALUES ';
        $sql = '';
        $at = 0;
        for ($row = 0; $row < $rows; $row++) {
            $tuple = [];
            foreach ($kinds as $kind) {
                $length = unpack('V', $values, $at)[1];
                $at += 4;
                if (self::NULL_LENGTH === $length) {
                    $tuple[] = 'NULL';
                    continue;
                }

                $tuple[] = $this->literal($kind, substr($values, $at, $length));
                $at += $length;
            }

            $sql .= ('' === $sql ? $into : ',') . '(' . implode(',', $tuple) . ')';
            if (strlen($sql) >= $this->statement) {
                $this->db->query($sql);
                $sql = '';
            }
        }

        if ($at !== strlen($values)) {
            throw new \RuntimeException('A batch of rows has a wrong length.');
        }

        if ('' !== $sql) {
            $this->db->query($sql);
        }
    }

    private function literal(string $kind, string $value): string
    {
        if ('n' === $kind) {
            if (!is_numeric($value)) {
                throw new \RuntimeException('A number is none.');
            }

            return $value;
        }

        $literal = "'" . $this->db->real_escape_string($value) . "'";
        return 'u' === $kind ? "CONVERT($literal USING utf8mb4)" : $literal;
    }
}
