<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnTarget;

use CloneHub\Migrator\OnSource\Database;
use CloneHub\Migrator\OnSource\Layout;
use CloneHub\Migrator\Said;

/** Whether the places of this site can be changed, tried out rather than guessed. Leaves nothing behind. */
final class Inspection
{
    private Work $work;
    private Names $names;

    /** @var string[] */
    private array $obstacles = [];

    public function __construct(Work $work, Names $names)
    {
        $this->work = $work;
        $this->names = $names;
    }

    /** @return array<string,mixed> */
    public function facts(): array
    {
        $db = Database::connect('binary');
        $this->try_layout();
        $this->try_folders();
        $this->try_tables($db);
        return [
            'obstacles' => $this->obstacles,
            'state' => $this->work->exists() ? $this->work->state()['state'] : null,
            'busy' => Others::at_work($this->work),
            'largest_body' => wp_convert_hr_to_bytes((string) ini_get('post_max_size')),
            'largest_statement' => (int) $db->query('SELECT @@max_allowed_packet')->fetch_row()[0],
            'disk_free' => (int) (function_exists('disk_free_space') ? @disk_free_space(WP_CONTENT_DIR) : 0),
            'with_database' => self::lies_with_database($db),
            'schema_version' => (int) get_option('db_version'),
        ];
    }

    /** Whether what fills the one disk fills the other. Not known means no: most databases that tell another name for their machine have one of their own. */
    private static function lies_with_database(\mysqli $db): bool
    {
        [$machine, $folder] = $db->query('SELECT @@hostname, @@datadir')->fetch_row();
        $place = @stat((string) $folder);
        return gethostname() === $machine && (false === $place || $place['dev'] === (@stat(WP_CONTENT_DIR)['dev'] ?? null));
    }

    private function try_layout(): void
    {
        $layout = new Layout();
        if ([] !== $layout->mounts || 'wp-content/uploads' !== $layout->uploads) {
            $this->obstacles[] = 'its folders for plugins or uploads do not lie where a usual WordPress has them';
        }

        if (untrailingslashit(home_url()) !== untrailingslashit(site_url())) {
            $this->obstacles[] = 'its home page has another address than its WordPress';
        }
    }

    private function try_folders(): void
    {
        $device = (int) @stat(WP_CONTENT_DIR)['dev'];
        $folders = ['' => ABSPATH, 'wp-content' => WP_CONTENT_DIR];
        foreach (['plugins', 'themes', 'uploads'] as $name) {
            $folders["wp-content/$name"] = WP_CONTENT_DIR . "/$name";
        }

        foreach ($folders as $name => $folder) {
            if (!is_dir($folder)) {
                continue;
            }

            $probe = untrailingslashit($folder) . '/.' . $this->names->progress();
            if (!@mkdir($probe) || !@rename($probe, $probe . 'x') || !@rmdir($probe . 'x')) {
                $this->obstacles[] = 'PHP cannot write to ' . ('' === $name ? 'its folder' : $name);
            } elseif ('' !== $name && (int) @stat($folder)['dev'] !== $device) {
                $this->obstacles[] = "$name lies on another disk than wp-content";
            }
        }

        if (is_file(ABSPATH . '.maintenance') && !$this->work->exists()) {
            $this->obstacles[] = 'it is being updated';
        }
    }

    private function try_tables(\mysqli $db): void
    {
        $one = Database::quote($this->names->of_new(0) . '_try');
        $other = Database::quote($this->names->of_old(0) . '_try');
        try {
            $db->query("DROP TABLE IF EXISTS $one, $other");
            $db->query("CREATE TABLE $one (a INT) ENGINE=InnoDB");
            $db->query("ALTER TABLE $one ADD b INT");
            $db->query("RENAME TABLE $one TO $other");
            $db->query("DROP TABLE $other");
        } catch (\mysqli_sql_exception $refusal) {
            $this->obstacles[] = 'its database account may not make, rename and drop tables (' . Said::by($refusal, 200) . ')';
        }
    }
}
