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

    /** Log-in name of the administrator that was made to install this job's connectors; it goes with the last one. */
    public ?string $user;

    /** Folder below wp-content that a restore works in; null for a build that only reads. */
    public ?string $work;

    /** Folder of this build. */
    public string $folder;

    /** Read as text: a PHP array would be served from opcache for seconds after an earlier attempt's file was replaced. */
    public static function read(string $main_file): self
    {
        $text = (string) file_get_contents(dirname($main_file) . '/job.php');
        $data = json_decode(substr($text, (int) strpos($text, "\n")), true);
        $job = new self();
        $job->id = (string) ($data['job'] ?? '');
        $job->public_key = (string) ($data['key'] ?? '');
        $job->expires = (int) ($data['expires'] ?? 0);
        $job->user = isset($data['user']) ? (string) $data['user'] : null;
        $job->work = isset($data['work']) ? (string) $data['work'] : null;
        $job->folder = dirname($main_file);
        return $job;
    }

    public function name(): string
    {
        return basename($this->folder);
    }

    /** What the folders of all attempts of this job begin with. */
    public function base(): string
    {
        return substr($this->name(), 0, strlen('clonehub-') + 8);
    }

    /** Number of the attempt that a folder belongs to; null if it is none of this job. */
    public function attempt_of(string $folder): ?int
    {
        $pattern = '/^' . preg_quote($this->base(), '/') . '(?:-([0-9]+))?$/';
        return preg_match($pattern, $folder, $match) ? (int) ($match[1] ?? 0) : null;
    }
}
