<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnSource;

use CloneHub\Migrator\Budget;
use CloneHub\Migrator\Reply;

/**
 * Lists a tree in the order of a sorted walk, which any path of it can resume. One line per entry, tab separated:
 * kind (d, f, l), size, time, mode, MD5, path, link target; the last two URL-encoded.
 */
final class Listing
{
    private const MOST_LEFT_OUT = 1000;

    /** A file up to this size takes no time worth speaking of; of a larger one it is the piece after which the clock is looked at. */
    private const AT_ONCE = 33554432;

    private Tree $tree;
    private Reply $reply;
    private Budget $budget;
    private bool $is_hasty;
    private bool $has_sums;
    private string $lines = '';
    private int $entries = 0;

    /** Last entry that was looked at, told or left out; set when the budget ends the walk. */
    private ?string $cursor = null;

    /** Last entry that was looked at so far. */
    private string $last = '';

    /** @var array<int,array{path:string,reason:string}> */
    private array $left_out = [];

    /**
     * @param bool $is_hasty Of a file too large to be read within the answer the sum is left out; else it takes what it takes.
     * @param bool $has_sums False if no file is to be read.
     */
    public function __construct(Tree $tree, Reply $reply, Budget $budget, bool $is_hasty, bool $has_sums)
    {
        $this->has_sums = $has_sums;
        $this->tree = $tree;
        $this->reply = $reply;
        $this->budget = $budget;
        $this->is_hasty = $is_hasty;
    }

    /** @param string $after Where an earlier answer ended, URL-encoded. */
    public function send(string $after): void
    {
        $root = (string) realpath($this->tree->resolve(''));
        $after = rawurldecode($after);
        foreach ('' === $after ? $this->tree->shadowed() : [] as $path) {
            $this->leave_out($path, 'not in use: the site has this folder elsewhere');
        }

        $done = $this->walk('', '' === $after ? [] : explode('/', $after), [$root => true]);
        $this->flush();
        $this->reply->json(
            $done ? Reply::END : Reply::YIELD,
            [
                'after' => $this->encode((string) $this->cursor),
                'entries' => $this->entries,
                'left_out' => $this->left_out,
                'waited' => $this->budget->waited(),
            ]
        );
    }

    /**
     * @param string[]           $after     What is left of the resumed path at this depth.
     * @param array<string,bool> $ancestors Real paths of the folders above, against links that lead back to them.
     *
     * @return bool Whether the folder is complete; false once the budget is spent.
     */
    private function walk(string $path, array $after, array $ancestors): bool
    {
        foreach ($this->names($path) as $name) {
            $comparison = [] === $after ? 1 : strcmp($name, $after[0]);
            if ($comparison < 0) {
                continue;
            }

            $child = '' === $path ? $name : "$path/$name";
            if ($comparison > 0 && $this->is_for_the_next($child)) {
                $this->cursor = $this->last;
                return false;
            }

            $folder = 0 === $comparison ? $this->folder($child, $ancestors) : $this->entry($child, $ancestors);
            $this->last = $child;
            if (null !== $folder && !$this->walk($child, 0 === $comparison ? array_slice($after, 1) : [], $ancestors + [$folder => true])) {
                return false;
            }

            if ($comparison > 0 && $this->budget->is_spent()) {
                $this->cursor ??= $child;
                return false;
            }
        }

        return true;
    }

    /** A file that may take all of an answer to be read gets one. */
    private function is_for_the_next(string $path): bool
    {
        return $this->is_hasty && $this->has_sums && $this->entries > 0 && $this->can_be_named($path) && (int) @filesize($this->tree->resolve($path)) > self::AT_ONCE;
    }

    /** @return string[] */
    private function names(string $path): array
    {
        $names = @scandir($this->tree->resolve($path));
        if (false === $names) {
            $this->leave_out($path, 'cannot be read');
            return [];
        }

        $names = array_diff($names, ['.', '..']);
        if ('' === $path) {
            $names = array_unique(array_merge($names, $this->tree->mounted()));
        }

        sort($names, SORT_STRING);
        return $names;
    }

    /**
     * @param array<string,bool> $ancestors
     *
     * @return string|null Real path of a folder that was already told and has to be walked again.
     */
    private function folder(string $path, array $ancestors): ?string
    {
        if (!$this->can_be_named($path)) {
            return null;
        }

        $absolute = $this->tree->resolve($path);
        $real = is_dir($absolute) ? realpath($absolute) : false;
        if (false === $real || isset($ancestors[$real]) || (is_link($absolute) && $this->tree->holds($real))) {
            return null;
        }

        return null === $this->excluded($path, $absolute, 0, true) ? $real : null;
    }

    /**
     * @param array<string,bool> $ancestors
     *
     * @return string|null Real path if the entry is a folder to be walked.
     */
    private function entry(string $path, array $ancestors): ?string
    {
        if (!$this->can_be_named($path)) {
            $this->leave_out($this->encode($path), 'its name cannot be written everywhere');
            return null;
        }

        $absolute = $this->tree->resolve($path);
        $real = realpath($absolute);
        if (false === $real) {
            $this->leave_out($path, 'link to nowhere');
            return null;
        }

        $stat = @stat($absolute);
        $is_directory = is_dir($absolute);
        $reason = $this->excluded($path, $absolute, (int) ($stat['size'] ?? 0), $is_directory);
        if (null !== $reason) {
            if ('content' !== $reason) {
                $this->leave_out($path, $reason);
            }

            return null;
        }

        if (is_link($absolute) && $this->tree->holds($real)) {
            $this->line('l', $stat, $path, '', $this->relative_target($absolute, $real));
            return null;
        }

        if ($is_directory) {
            if (isset($ancestors[$real])) {
                $this->leave_out($path, 'link that leads back');
                return null;
            }

            $this->line('d', $stat, $path, '', '');
            return $real;
        }

        $this->file($path, $absolute, $stat);
        return null;
    }

    private function can_be_named(string $path): bool
    {
        return 1 === preg_match('//u', $path) && false === strpos($path, '\\');
    }

    private function excluded(string $path, string $absolute, int $size, bool $is_directory): ?string
    {
        return Exclusions::reason($this->tree->is_content, $path, $is_directory, $size)
            ?? ($is_directory ? $this->tree->is_foreign($path, $absolute) : null);
    }

    /** @param array<string|int,int>|false $stat */
    private function file(string $path, string $absolute, $stat): void
    {
        if (false === $stat || !is_file($absolute) || !is_readable($absolute)) {
            $this->leave_out($path, is_file($absolute) ? 'cannot be read' : 'not a file');
            return;
        }

        $this->line('f', $stat, $path, $this->sum($absolute, $stat['size']), '');
    }

    /** MD5, or nothing. */
    private function sum(string $absolute, int $size): string
    {
        if (!$this->has_sums) {
            return '';
        }

        if (!$this->is_hasty || $size <= self::AT_ONCE) {
            return (string) md5_file($absolute);
        }

        $file = @fopen($absolute, 'rb');
        $sum = hash_init('md5');
        $is_whole = false;
        while (false !== $file && !$is_whole && !$this->budget->is_spent()) {
            hash_update_stream($sum, $file, self::AT_ONCE);
            $is_whole = feof($file);
            $this->reply->beat();
        }

        return $is_whole ? hash_final($sum) : '';
    }

    /** Link target seen from the link's own folder. Both are real paths inside the root. */
    private function relative_target(string $link, string $real): string
    {
        $from = explode('/', (string) realpath(dirname($link)));
        $to = explode('/', $real);
        while ([] !== $from && [] !== $to && $from[0] === $to[0]) {
            array_shift($from);
            array_shift($to);
        }

        $target = rtrim(str_repeat('../', count($from)) . implode('/', $to), '/');
        return '' === $target ? '.' : $target;
    }

    /** @param array<string|int,int>|false $stat */
    private function line(string $kind, $stat, string $path, string $md5, string $target): void
    {
        $stat = is_array($stat) ? $stat : ['size' => 0, 'mtime' => 0, 'mode' => 0];
        $this->lines .= implode("\t", [
            $kind,
            'f' === $kind ? $stat['size'] : 0,
            $stat['mtime'],
            decoct($stat['mode'] & 07777),
            $md5,
            $this->encode($path),
            $this->encode($target),
        ]) . "\n";
        ++$this->entries;
        if (strlen($this->lines) >= Budget::frame_bytes()) {
            $this->flush();
        }

        $this->reply->beat();
    }

    private function flush(): void
    {
        if ('' !== $this->lines) {
            $this->reply->frame(Reply::FILE_LIST, $this->lines, true);
            $this->lines = '';
        }
    }

    private function encode(string $path): string
    {
        return str_replace('%2F', '/', rawurlencode($path));
    }

    private function leave_out(string $path, string $reason): void
    {
        if (count($this->left_out) < self::MOST_LEFT_OUT) {
            $this->left_out[] = ['path' => $path, 'reason' => $reason];
        }
    }
}
