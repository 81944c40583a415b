<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnSource;

/**
 * Takes the connector and all it brought off the site: at the end of the copy, or at the first request after its time is up.
 * May run twice at once, and after a run that died.
 */
final class Removal
{
    private Job $job;

    public function __construct(Job $job)
    {
        $this->job = $job;
    }

    /** @return string[] What could not be removed. */
    public function run(): array
    {
        // Nothing of this folder can be loaded once it is gone.
        class_exists(Nonces::class);
        $begun = $this->job->begun();
        $this->delete_user();
        $this->delete_uploads();
        Sessions::forget($this->job);
        $this->settle_options();
        $this->delete_folder($this->job->folder);
        $this->delete_empty_folders($begun);
        clearstatcache();
        return is_dir($this->job->folder) ? [$this->job->name()] : [];
    }

    private function settle_options(): void
    {
        global $wpdb;
        // Two jobs that leave at once would each write back what the other has just removed.
        $wpdb->query("SELECT GET_LOCK('clonehub_options', 5)");
        foreach (['alloptions', 'active_plugins', 'cron'] as $name) {
            wp_cache_delete($name, 'options');
        }

        $this->unschedule();
        Nonces::forget($this->job);
        // Whoever finds the connector active can still have the rest removed; so this comes last.
        $this->deactivate();
        $wpdb->query("SELECT RELEASE_LOCK('clonehub_options')");
    }

    private function deactivate(): void
    {
        $active = (array) get_option('active_plugins', []);
        if (in_array($this->job->plugin, $active, true)) {
            update_option('active_plugins', array_diff($active, [$this->job->plugin]));
        }

        wp_cache_delete('plugins', 'plugins');
    }

    private function delete_user(): void
    {
        global $wpdb;
        // Not get_user_by(), which is pluggable and therefore loaded after us.
        $found = $this->job->name() === $this->job->user ? \WP_User::get_data_by('login', $this->job->user) : false;
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

    /** The zip stays behind as a private attachment when WordPress could not unpack it. */
    private function delete_uploads(): void
    {
        global $wpdb;
        $sql = "SELECT ID FROM {$wpdb->posts} WHERE post_type = 'attachment' AND post_title = %s";
        foreach ($wpdb->get_col($wpdb->prepare($sql, $this->job->name() . '.zip')) as $id) {
            $file = get_attached_file((int) $id, true);
            if ($file && '.zip' === substr($file, -4)) {
                @unlink($file);
            }

            $wpdb->delete($wpdb->postmeta, ['post_id' => $id]);
            $wpdb->delete($wpdb->posts, ['ID' => $id]);
        }
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

    private function delete_folder(string $folder): void
    {
        foreach (array_diff(@scandir($folder) ?: [], ['.', '..']) as $name) {
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
