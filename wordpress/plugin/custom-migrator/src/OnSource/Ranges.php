<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnSource;

use CloneHub\Migrator\Budget;
use CloneHub\Migrator\Reply;
use CloneHub\Migrator\Sums;

/** Counts and sums the rows of tables, range by range of their keys, so that whoever has read them finds those that have changed since. */
final class Ranges
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

    /**
     * @param array<int,array<string,mixed>> $requests Each with name, columns and key as Sums takes them, above, the key after which the first range
     *                                                 begins, and until, the greatest key of each. Null stands for the first and for the last row of all.
     */
    public function send(array $requests): void
    {
        global $wpdb;
        $names = array_column(Database::rows($this->db, "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'"), 'TABLE_NAME');
        $site = new Tables($wpdb->base_prefix, array_map('strval', $names));
        $sums = new Sums($this->db, $this->reply);
        $has_sent = false;
        foreach ($requests as ['name' => $name, 'columns' => $columns, 'key' => $key, 'above' => $above, 'until' => $ends]) {
            $name = $site->require((string) $name);
            $above = self::number($above);
            foreach ((array) $ends as $until) {
                if ($has_sent && $this->budget->is_spent()) {
                    $this->reply->json(Reply::YIELD, ['waited' => $this->budget->waited()]);
                    return;
                }

                $until = self::number($until);
                $sum = $sums->of_range($name, (array) $columns, null === $key ? null : (string) $key, $above, $until, $this->budget);
                $this->reply->json(Reply::JSON, ['table' => $name, 'rows' => $sum[0] ?? null, 'sum' => $sum[1] ?? null]);
                $has_sent = true;
                $above = $until;
            }
        }

        $this->reply->json(Reply::END, ['waited' => $this->budget->waited()]);
    }

    /** @param mixed $value */
    private static function number($value): ?string
    {
        if (null === $value) {
            return null;
        }

        if (1 !== preg_match('/^-?\d+$/D', (string) $value)) {
            throw new \RuntimeException('The end of a range is not a number.');
        }

        return (string) $value;
    }
}
