<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnSource;

/**
 * One of the site's two file trees. A path is relative and has the layout a usual WordPress has, also where a host keeps
 * plugins or uploads elsewhere.
 */
final class Tree
{
    public bool $is_content;

    private string $root;

    /** @var array<string,string> Real folder by the relative path it appears under. */
    private array $mounts = [];

    /** @var string[] Real folders that appear under another path than their own. */
    private array $moved = [];

    public static function named(string $name): self
    {
        $tree = new self();
        $tree->is_content = 'content' === $name;
        $tree->root = untrailingslashit(wp_normalize_path($tree->is_content ? WP_CONTENT_DIR : ABSPATH));
        if (!$tree->is_content && 'core' !== $name) {
            throw new \RuntimeException('There is no such root.');
        }

        $mounts = (new Layout())->mounts;
        $tree->mounts = $tree->is_content ? $mounts : [];
        $tree->moved = array_values($mounts);
        return $tree;
    }

    /** @return string[] */
    public function mounted(): array
    {
        return array_keys($this->mounts);
    }

    /** @return string[] Paths of this tree whose own folder a moved one takes the place of. */
    public function shadowed(): array
    {
        return array_values(array_filter($this->mounted(), function (string $at): bool {
            return is_dir("{$this->root}/$at") && realpath("{$this->root}/$at") !== $this->mounts[$at];
        }));
    }

    /** Absolute path of a relative one. */
    public function resolve(string $path): string
    {
        if (false !== strpos($path, "\0") || preg_match('#(^|/)\.\.?(/|$)|^/|//|\\\\#', $path)) {
            throw new \RuntimeException('A path leaves its root.');
        }

        foreach ($this->mounts as $at => $folder) {
            if ($path === $at || 0 === strncmp($path, "$at/", strlen($at) + 1)) {
                return $folder . substr($path, strlen($at));
            }
        }

        return '' === $path ? $this->root : "{$this->root}/$path";
    }

    /** Whether this folder is copied under another path, or is another WordPress. */
    public function is_foreign(string $path, string $absolute): ?string
    {
        if (!isset($this->mounts[$path]) && in_array(realpath($absolute), $this->moved, true)) {
            return 'content';
        }

        if ($this->is_content) {
            return null;
        }

        if (realpath($absolute) === realpath(WP_CONTENT_DIR)) {
            return 'content';
        }

        return is_file("$absolute/wp-load.php") && is_dir("$absolute/wp-includes") ? 'another WordPress' : null;
    }

    /** Whether a file may be asked for by its path, whoever asks. */
    public function may_send(string $path): bool
    {
        $parts = explode('/', $path);
        foreach (array_keys($parts) as $at) {
            $part = implode('/', array_slice($parts, 0, $at + 1));
            if (null !== Exclusions::reason($this->is_content, $part, $at < count($parts) - 1, 0)) {
                return false;
            }
        }

        return true;
    }

    /** Whether a real path lies inside this tree. */
    public function holds(string $real): bool
    {
        $root = (string) realpath($this->root);
        return $real === $root || 0 === strncmp($real, "$root/", strlen($root) + 1);
    }
}
