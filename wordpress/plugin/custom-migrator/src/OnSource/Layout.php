<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnSource;

/**
 * Where those parts of the site lie that its owner may move, and where a copy has them. Plugins get the place they have in a usual
 * WordPress. Uploads stay where they are if that is inside the site: texts name them, and not always by their full address.
 */
final class Layout
{
    /** @var array<string,string> Real folder by the path below wp-content that a copy has it under. */
    public array $mounts = [];

    /** Folder of the uploads in a copy, seen from its root. */
    public string $uploads = 'wp-content/uploads';

    /** Why no copy can have a place for each of them. */
    public ?string $problem;

    public function __construct()
    {
        $this->mount_unless_usual('plugins', WP_PLUGIN_DIR);
        $this->mount_unless_usual('mu-plugins', WPMU_PLUGIN_DIR);
        $this->place_uploads((string) wp_upload_dir(null, false)['basedir']);
        $this->problem = $this->find_problem();
    }

    /** A link at the usual place is followed: its target may be nothing that is copied. */
    private function mount_unless_usual(string $at, string $folder): void
    {
        $real = realpath($folder);
        $usual = WP_CONTENT_DIR . "/$at";
        if (false !== $real && ($real !== realpath($usual) || is_link($usual))) {
            $this->mounts[$at] = $real;
        }
    }

    private function place_uploads(string $folder): void
    {
        $real = realpath($folder);
        if (false === $real) {
            return;
        }

        $in_content = $this->below(WP_CONTENT_DIR, $folder, $real);
        $in_core = $this->below(ABSPATH, $folder, $real);
        if (is_link(untrailingslashit($folder))) {
            $this->mounts['uploads'] = $real;
        } elseif (null !== $in_content && null === Exclusions::reason(true, $in_content, true, 0)) {
            $this->uploads = "wp-content/$in_content";
        } elseif (null === $in_content && null !== $in_core && 'wp-content' !== strtok($in_core, '/') && null === Exclusions::reason(false, $in_core, true, 0)) {
            $this->uploads = $in_core;
        } else {
            $this->mounts['uploads'] = $real;
        }
    }

    /** Path of a folder seen from a root, as it is written or as it really is; null if it lies elsewhere. */
    private function below(string $root, string $folder, string $real): ?string
    {
        foreach ([[wp_normalize_path($root), wp_normalize_path($folder)], [(string) realpath($root), $real]] as [$outer, $inner]) {
            $outer = untrailingslashit($outer) . '/';
            if (0 === strncmp($inner, $outer, strlen($outer)) && !preg_match('#/\.\.?(/|$)#', $inner)) {
                return untrailingslashit(substr($inner, strlen($outer)));
            }
        }

        return null;
    }

    private function find_problem(): ?string
    {
        $uploads = realpath((string) wp_upload_dir(null, false)['basedir']);
        $folders = $this->mounts + (false === $uploads ? [] : ['uploads' => $uploads]);
        foreach ($folders as $at => $folder) {
            if (self::holds($folder, (string) realpath(WP_CONTENT_DIR)) || self::holds($folder, (string) realpath(ABSPATH))) {
                return "its folder for $at holds the rest of the site as well";
            }

            foreach ($this->mounts as $other => $mounted) {
                $is_hidden = 'uploads' !== $other && self::holds("wp-content/$other", $this->uploads);
                if ($other !== $at && ($is_hidden || self::holds($folder, $mounted) || self::holds($mounted, $folder))) {
                    return "its folders for $at and $other lie in one another";
                }
            }
        }

        return null;
    }

    private static function holds(string $outer, string $inner): bool
    {
        return $inner === $outer || 0 === strncmp($inner, "$outer/", strlen($outer) + 1);
    }
}
