<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnSource;

use CloneHub\Migrator\Budget;
use CloneHub\Migrator\Reply;
use CloneHub\Migrator\Said;
use CloneHub\Migrator\Sums;

/**
 * Counts and sums the rows of tables, range by range of their keys, so that whoever has read them finds those that have changed since. Of one moment,
 * as far as one answer goes and engines know transactions.
 */
final class Ranges
{
    /**
     * The greatest prime of 32 bits. CRC-32 is linear: rows that change alike, or change places, can leave the sum of theirs as it was. They do not leave that of the
     * squares, divided by a prime.
     */
    private const PRIME = '4294967291';

    /** Nobody writes to a table without transactions while it is summed. */
    private const MOST_SECONDS_LOCKED = 2.0;
    private const MOST_WORDS = 200;

    /** Numbers of the client's errors "has gone away" and "lost connection". */
    private const LOST = [2006, 2013];

    private \mysqli $db;
    private Reply $reply;
    private Budget $budget;
    private bool $has_sent = false;

    public function __construct(\mysqli $db, Reply $reply, Budget $budget)
    {
        $this->db = $db;
        $this->reply = $reply;
        $this->budget = $budget;
    }

    /**
     * Sends each range in one or more pieces: "rows" and "sum", and "end", its greatest key, where more pieces follow. Of a table that cannot be summed it says why and sends no more.
     *
     * @param array<int,array<string,mixed>> $requests Each with name; columns, those that are summed; key, a column of whole numbers, or null where there is one range only;
     *                                                 above, the key after which the first range begins; and until, the greatest key of each. Null stands for the first
     *                                                 and for the last row of all.
     */
    public function send(array $requests): void
    {
        Database::begin_snapshot($this->db);
        $site = Tables::of_site($this->db);
        foreach ($requests as $request) {
            try {
                if (!$this->send_table($site, $request)) {
                    $this->reply->json(Reply::YIELD, ['waited' => $this->budget->waited()]);
                    return;
                }
            } catch (\RuntimeException $trouble) {
                if (in_array($trouble->getCode(), self::LOST, true)) {
                    throw $trouble;
                }

                $this->reply->json(Reply::JSON, ['table' => (string) $request['name'], 'trouble' => Said::by($trouble, self::MOST_WORDS)]);
            }
        }

        $this->reply->json(Reply::END, ['waited' => $this->budget->waited()]);
    }

    /**
     * @param array<string,mixed> $request
     *
     * @return bool Whether the table is complete.
     */
    private function send_table(Tables $site, array $request): bool
    {
        $name = $site->require((string) $request['name']);
        $seconds = $site->is_transactional($name) ? $this->budget->patience() : self::MOST_SECONDS_LOCKED;
        $of_row = Sums::of_row(array_map('strval', (array) $request['columns']));
        $sum = "SELECT COUNT(*), COALESCE(SUM($of_row * $of_row % " . self::PRIME . '), 0) FROM ' . Database::quote($name);
        $key = null === $request['key'] ? null : (string) $request['key'];
        $above = null === $request['above'] ? null : (string) $request['above'];
        foreach ((array) $request['until'] as $until) {
            $until = null === $until ? null : (string) $until;
            do {
                if ($this->has_sent && $this->budget->is_spent()) {
                    return false;
                }

                $end = null === $key ? null : Sums::end_of_piece($this->db, $name, $key, $above, $until);
                $where = null === $key ? [] : KeyRange::between($key, $above, $end ?? $until);
                $row = Database::row($this->db, $sum . Database::where($where), $seconds, [$this->reply, 'beat']);
                if (null === $row) {
                    throw new \RuntimeException('It took too long.');
                }

                $this->reply->json(Reply::JSON, ['table' => $name, 'rows' => $row[0], 'sum' => $row[1], 'end' => $end]);
                $this->has_sent = true;
                $above = $end ?? $until;
            } while (null !== $end);
        }

        return true;
    }
}
