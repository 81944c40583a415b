<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnSource;

/** What this build was made for: the JSON after the first line of job.php. */
final class Job
{
    public string $id;
    public string $public_key;
    public int $expires;

    /** Name of this build: an order to leave that was meant for an earlier build of the same job is not obeyed. */
    public string $build;

    /** Log-in name of the administrator that was made to install this build; it goes with it. */
    public ?string $user;

    /** Folder of this build, and its name in active_plugins. */
    public string $folder;
    public string $plugin;

    /** Read as text: a PHP array would be served from opcache for seconds after an earlier attempt's file was replaced. */
    public static function read(string $main_file): self
    {
        $text = (string) file_get_contents(dirname($main_file) . '/job.php');
        $data = json_decode(substr($text, (int) strpos($text, "\n")), true);
        $job = new self();
        $job->id = (string) ($data['job'] ?? '');
        $job->public_key = (string) ($data['key'] ?? '');
        $job->build = (string) ($data['build'] ?? '');
        $job->expires = (int) ($data['expires'] ?? 0);
        $job->user = isset($data['user']) ? (string) $data['user'] : null;
        $job->folder = dirname($main_file);
        $job->plugin = basename($job->folder) . '/' . basename($main_file);
        return $job;
    }

    /** No later than the upload began, by the clock of the site's files. */
    public function begun(): int
    {
        return (int) @filemtime($this->folder . '/job.php') - 120;
    }

    public function name(): string
    {
        return basename($this->folder);
    }
}
