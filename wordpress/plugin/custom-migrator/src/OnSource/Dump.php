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
    private const TRANSACTIONAL = ['INNODB', 'ROCKSDB', 'TOKUDB'];

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
        global $wpdb;
        $this->db->query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
        $this->db->query('START TRANSACTION /*!40100 WITH CONSISTENT SNAPSHOT */');
        $engines = $this->engines();
        $site = new Tables($wpdb->base_prefix, array_map('strval', array_keys($engines)));
        $columns = $this->columns();
        $fuzzy = [];
        foreach ($requests as $at => $request) {
            $name = $site->require((string) ($request['name'] ?? ''));
            if ($at > 0 && $this->budget->is_spent()) {
                $this->reply->json(Reply::YIELD, ['fuzzy' => $fuzzy, 'waited' => $this->budget->waited()]);
                return;
            }

            $is_transactional = in_array(strtoupper($engines[$name]), self::TRANSACTIONAL, true);
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

    /** @return array<string,string> Engine by table. */
    private function engines(): array
    {
        $rows = Database::rows($this->db, "SELECT TABLE_NAME, ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'");
        return array_map('strval', array_column($rows, 'ENGINE', 'TABLE_NAME'));
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
