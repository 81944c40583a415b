<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnSource;

use CloneHub\Migrator\Budget;
use CloneHub\Migrator\Reply;

/**
 * Sends files. FILEDATA is: index in the request (32 bit), offset (64 bit), modification time (32 bit), 1 if it is the last
 * piece (8 bit), bytes.
 */
final class Files
{
    private const TEXT = '/\.(php|phtml|inc|css|scss|js|mjs|map|json|html?|svg|xml|txt|md|pot?|sql|csv|ini|htaccess|less|ts)$/i';

    private Tree $tree;
    private Reply $reply;
    private Budget $budget;

    public function __construct(Tree $tree, Reply $reply, Budget $budget)
    {
        $this->tree = $tree;
        $this->reply = $reply;
        $this->budget = $budget;
    }

    /** @param array<int,mixed> $files Per file: path, offset to go on from, and the modification time its first pieces had (0 at the start). */
    public function send(array $files): void
    {
        foreach ($files as $index => $file) {
            if ($index > 0 && $this->budget->is_spent()) {
                $this->reply->json(Reply::YIELD, ['waited' => $this->budget->waited()]);
                return;
            }

            [$path, $offset, $modified] = [(string) $file[0], (int) ($file[1] ?? 0), (int) ($file[2] ?? 0)];
            if (!$this->send_file((int) $index, $path, $offset, $modified)) {
                $this->reply->json(Reply::YIELD, ['waited' => $this->budget->waited()]);
                return;
            }
        }

        $this->reply->json(Reply::END, ['waited' => $this->budget->waited()]);
    }

    /** @return bool False if the budget ended inside the file. */
    private function send_file(int $index, string $path, int $offset, int $modified): bool
    {
        $absolute = $this->tree->resolve($path);
        $handle = $this->tree->may_send($path) && is_file($absolute) ? @fopen($absolute, 'rb') : false;
        if (false === $handle) {
            $this->fail($index, is_file($absolute) ? 'unreadable' : 'gone');
            return true;
        }

        $before = fstat($handle);
        if ($offset > 0 && ($before['mtime'] !== $modified || 0 !== fseek($handle, $offset))) {
            $this->fail($index, 'changed');
            fclose($handle);
            return true;
        }

        $complete = $this->send_pieces($handle, $index, $offset, $before, 1 === preg_match(self::TEXT, $path));
        fclose($handle);
        return $complete;
    }

    /**
     * @param resource              $handle
     * @param array<string|int,int> $before
     */
    private function send_pieces($handle, int $index, int $offset, array $before, bool $is_text): bool
    {
        $size = Budget::frame_bytes();
        do {
            $piece = $offset < $before['size'] ? fread($handle, (int) min($size, $before['size'] - $offset)) : '';
            $end = $offset + strlen((string) $piece);
            $is_last = $end >= $before['size'];
            $now = $is_last ? fstat($handle) : $before;
            if (false === $piece || ('' === $piece && !$is_last) || $now['size'] !== $before['size'] || $now['mtime'] !== $before['mtime']) {
                $this->fail($index, 'changed');
                return true;
            }

            $head = pack('VPPC', $index, $offset, $before['mtime'], $is_last ? 1 : 0);
            $this->reply->frame(Reply::FILE_DATA, $head . $piece, $is_text);
            $offset = $end;
            if (!$is_last && $this->budget->is_spent()) {
                return false;
            }
        } while (!$is_last);

        return true;
    }

    private function fail(int $index, string $reason): void
    {
        $this->reply->json(Reply::FILE_ERROR, ['index' => $index, 'reason' => $reason]);
    }
}
