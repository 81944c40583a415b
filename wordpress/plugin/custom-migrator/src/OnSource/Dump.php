<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnSource;

use CloneHub\Migrator\Budget;
use CloneHub\Migrator\Reply;

/** Sends tables inside one transaction, so that they show one moment as long as one answer holds them. */
final class Dump
{
    private \mysqli $db;
    private Reply $reply;
    private Budget $budget;

    public function __construct(\mysqli $db, Reply $reply, Budget $budget)
    {
        $this->db = $db;
        $this->reply = $reply;
        $this->budget = $budget;
    }

    /** @param array<int,array<string,mixed>> $requests Each with name, columns, key, and where to go on: after (base 64 per key column) or offset. With above or until, numbers, only a range of its key. */
    public function send(array $requests): void
    {
        Database::begin_snapshot($this->db);
        $site = Tables::of_site($this->db);
        $columns = $this->columns();
        $fuzzy = [];
        foreach ($requests as $at => $request) {
            $name = $site->require((string) ($request['name'] ?? ''));
            if ($at > 0 && $this->budget->is_spent()) {
                $this->reply->json(Reply::YIELD, ['fuzzy' => $fuzzy, 'waited' => $this->budget->waited()]);
                return;
            }

            $is_transactional = $site->is_transactional($name);
            if (!$is_transactional) {
                $fuzzy[] = $name;
            }

            $this->reply->json(Reply::TABLE, ['name' => $name]);
            $table = new TableReader($this->db, $name, $columns[$name], $request, $is_transactional);
            if (!$table->send($this->reply, $this->budget, $is_transactional && 0 === (int) ($request['offset'] ?? 0))) {
                $this->reply->json(Reply::YIELD, ['fuzzy' => $fuzzy, 'waited' => $this->budget->waited()]);
                return;
            }
        }

        $this->reply->json(Reply::END, ['fuzzy' => $fuzzy, 'waited' => $this->budget->waited()]);
    }

    /** @return array<string,array<string,array<string,?string>>> Description by table and column. */
    private function columns(): array
    {
        $columns = [];
        $sql = 'SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, CHARACTER_SET_NAME, COLLATION_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()';
        foreach (Database::rows($this->db, $sql) as $row) {
            $columns[(string) $row['TABLE_NAME']][(string) $row['COLUMN_NAME']] = $row;
        }

        return $columns;
    }
}
