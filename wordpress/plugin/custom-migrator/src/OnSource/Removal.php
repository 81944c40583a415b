<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnSource;

use CloneHub\Migrator\OnTarget\CleanUp;

/**
 * Takes connectors of the job and all they brought off the site: at the end of the copy, or at the first request after their time is up.
 * May run twice at once, and after a run that died.
 */
final class Removal
{
    /** Said by who wants everything of the job gone. */
    private const ALL = 0x7fffffff;

    private Job $job;

    /** Whether this connector goes too, and with it what the attempts share. */
    private bool $is_whole;

    /** Whether the job leaves the site, and does not only go on with a newer connector. */
    private bool $is_farewell;

    /** @var string[] Folders of the attempts that go, this one's last. */
    private array $names;

    /** @param int $last The last attempt whose connector goes. */
    public function __construct(Job $job, int $last, bool $is_farewell = true)
    {
        $this->is_farewell = $is_farewell;
        $this->job = $job;
        $own = $job->name();
        $this->is_whole = $last >= $job->attempt_of($own);
        // An upload that was cut short may have come no further than the work folder, or the media library.
        $there = array_merge(@scandir(dirname($job->folder)) ?: [], @scandir(WP_CONTENT_DIR . '/upgrade') ?: [], $this->uploaded());
        $active = array_map('dirname', array_filter((array) get_option('active_plugins', []), 'is_string'));
        $all = array_unique(array_merge($there, $active));
        $this->names = array_values(array_filter($all, static function (string $name) use ($job, $own, $last): bool {
            $attempt = $job->attempt_of($name);
            // What a person has installed, attempt 0, goes by its own farewell and not by that of an attempt that failed beside it.
            return null !== $attempt && $attempt <= $last && $name !== $own && ($attempt > 0 || self::ALL === $last);
        }));
        if ($this->is_whole) {
            $this->names[] = $own;
        }
    }

    /** @return string[] What could not be removed. */
    public function run(): array
    {
        // Nothing of this folder can be loaded once it is gone.
        class_exists(Nonces::class);
        if ($this->is_whole && $this->is_farewell && null !== $this->job->work) {
            CleanUp::run($this->job);
        }

        $begun = $this->begun();
        $this->delete_uploads();
        if ($this->is_whole) {
            $this->delete_user();
            Sessions::forget($this->job);
        }

        $this->settle_options();

        // Half of a connector takes the rest of itself away, as long as it is active; what makes it whole goes first.
        foreach ($this->names as $name) {
            @unlink($this->folder($name) . '/src/autoload.php');
            $this->delete_folder($this->folder($name), "$name.php");
            $this->delete_folder(WP_CONTENT_DIR . "/upgrade/$name");
        }

        $this->deactivate();
        foreach ($this->names as $name) {
            $this->delete_folder($this->folder($name));
        }

        $this->delete_empty_folders($begun);
        clearstatcache();
        return array_values(array_filter($this->names, fn (string $name): bool => is_dir($this->folder($name))));
    }

    private function folder(string $name): string
    {
        return dirname($this->job->folder) . "/$name";
    }

    /** No later than the first upload began, by the clock of the site's files. */
    private function begun(): int
    {
        $times = array_map(fn (string $name): int => (int) @filemtime($this->folder($name) . '/job.php'), $this->names);
        $known = array_filter($times);
        return [] === $known ? PHP_INT_MAX : min($known) - 120;
    }

    private function settle_options(): void
    {
        $this->alone(function (): void {
            $this->unschedule();
            if ($this->is_whole && $this->is_farewell) {
                Nonces::forget($this->job);
            }
        });
    }

    /** Whoever finds the connector active can still have the rest removed; so this comes last. */
    private function deactivate(): void
    {
        $this->alone(fn () => $this->take_off_list());
    }

    /** Two jobs that leave at once would each write back what the other has just removed. */
    private function alone(callable $work): void
    {
        global $wpdb;
        $wpdb->query("SELECT GET_LOCK('clonehub_options', 5)");
        foreach (['alloptions', 'active_plugins', 'cron'] as $name) {
            wp_cache_delete($name, 'options');
        }

        $work();
        $wpdb->query("SELECT RELEASE_LOCK('clonehub_options')");
    }

    private function take_off_list(): void
    {
        $active = (array) get_option('active_plugins', []);
        $gone = array_map(static fn (string $name): string => "$name/$name.php", $this->names);
        if ([] !== array_intersect($active, $gone)) {
            update_option('active_plugins', array_diff($active, $gone));
        }

        wp_cache_delete('plugins', 'plugins');
    }

    private function delete_user(): void
    {
        global $wpdb;
        // Not get_user_by(), which is pluggable and therefore loaded after us.
        $found = $this->job->base() === $this->job->user ? \WP_User::get_data_by('login', $this->job->user) : false;
        if (false === $found) {
            return;
        }

        $user = new \WP_User();
        $user->init($found);

        $wpdb->delete($wpdb->usermeta, ['user_id' => $user->ID]);
        $wpdb->delete($wpdb->users, ['ID' => $user->ID]);
        clean_user_cache($user);
        if (function_exists('wp_maybe_update_user_counts')) {
            wp_maybe_update_user_counts();
        }
    }

    /** @return string[] */
    private function uploaded(): array
    {
        global $wpdb;
        $sql = "SELECT post_title FROM {$wpdb->posts} WHERE post_type = 'attachment' AND post_title LIKE %s";
        $titles = $wpdb->get_col($wpdb->prepare($sql, $wpdb->esc_like($this->job->base()) . '%.zip'));
        return array_map(static fn (string $title): string => basename($title, '.zip'), $titles);
    }

    /** The zip stays behind as a private attachment when WordPress could not unpack it. */
    private function delete_uploads(): void
    {
        global $wpdb;
        $sql = "SELECT ID FROM {$wpdb->posts} WHERE post_type = 'attachment' AND post_title = %s";
        foreach ($this->names as $name) {
            foreach ($wpdb->get_col($wpdb->prepare($sql, "$name.zip")) as $id) {
                $this->delete_upload((int) $id);
            }
        }
    }

    private function delete_upload(int $id): void
    {
        global $wpdb;
        $file = get_attached_file($id, true);
        if ($file && '.zip' === substr($file, -4)) {
            @unlink($file);
        }

        $wpdb->delete($wpdb->postmeta, ['post_id' => $id]);
        $wpdb->delete($wpdb->posts, ['ID' => $id]);
    }

    /** An upload also schedules the removal of its attachment, which is long gone. */
    private function unschedule(): void
    {
        global $wpdb;
        foreach ((array) _get_cron_array() as $time => $hooks) {
            foreach ((array) ($hooks['upgrader_scheduled_cleanup'] ?? []) as $event) {
                $id = (int) ($event['args'][0] ?? 0);
                if (null === $wpdb->get_var($wpdb->prepare("SELECT ID FROM {$wpdb->posts} WHERE ID = %d", $id))) {
                    wp_unschedule_event((int) $time, 'upgrader_scheduled_cleanup', $event['args']);
                }
            }
        }
    }

    private function delete_folder(string $folder, string $but = ''): void
    {
        foreach (array_diff(@scandir($folder) ?: [], ['.', '..', $but]) as $name) {
            $path = "$folder/$name";
            if (is_dir($path) && !is_link($path)) {
                $this->delete_folder($path);
            } else {
                @unlink($path);
            }
        }

        @rmdir($folder);
    }

    /** WordPress made these for the upload if they were missing; then the folder above was changed after the upload began. */
    private function delete_empty_folders(int $begun): void
    {
        $uploads = wp_upload_dir(null, false);
        $month = (string) $uploads['path'];
        $candidates = [WP_CONTENT_DIR . '/upgrade', $month];
        if (dirname($month) !== $uploads['basedir']) {
            $candidates[] = dirname($month);
        }

        clearstatcache();
        foreach ($candidates as $folder) {
            $is_ours = is_dir($folder) && $folder !== $uploads['basedir'] && (int) @filemtime(dirname($folder)) >= $begun;
            if ($is_ours && [] === array_diff(@scandir($folder) ?: ['unknown'], ['.', '..'])) {
                @rmdir($folder);
            }
        }
    }
}
