<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnTarget;

use CloneHub\Migrator\Call;
use CloneHub\Migrator\OnSource\Incomplete;
use CloneHub\Migrator\OnSource\Job;
use CloneHub\Migrator\Refused;
use CloneHub\Migrator\Reply;

/** The job's end on the site that gets the content of its copy. */
final class Target
{
    public const OPERATIONS = ['inspect', 'part', 'prepare', 'rows', 'files', 'missing', 'moves', 'sums', 'marks', 'swap', 'confirm', 'rollback', 'flush', 'status', 'finish'];

    /** Calls that are obeyed once. The others may be repeated: they do what is not done yet. */
    public const ONCE = ['prepare', 'swap', 'rollback', 'finish'];

    private const MOST_PATIENCE = 10.0;

    private int $fence = 0;
    private Job $job;
    private Work $work;
    private Names $names;

    public function __construct(Job $job)
    {
        $this->job = $job;
        $this->work = new Work(self::folder($job));
        $this->names = new Names($job);
    }

    public static function folder(Job $job): string
    {
        return wp_normalize_path(WP_CONTENT_DIR) . '/' . $job->work;
    }

    /**
     * @param array<string,mixed> $arguments
     *
     * @return array<string,mixed>
     */
    public function answer(Call $call, array $arguments, Reply $reply): array
    {
        $this->claim((int) ($arguments['fence'] ?? 0));
        switch ($call->op) {
            case 'inspect':
                return (new Inspection($this->work, $this->names))->facts();
            case 'part':
                return $this->part((int) $arguments['offset'], $call->payload());
            case 'prepare':
                return $this->prepare((array) $arguments['tables']);
            case 'rows':
                $rows = (new Staging($this->names))->add(
                    (int) $arguments['table'],
                    (int) $arguments['batch'],
                    (array) $arguments['columns'],
                    (array) $arguments['kinds'],
                    (int) $arguments['rows'],
                    $call->payload(),
                    $this->fence
                );
                return ['rows' => $rows];
            case 'files':
                $files = new StagedFiles($this->work);
                $files->make_folders(array_map('strval', (array) ($arguments['folders'] ?? [])));
                $files->add((array) $arguments['pieces'], $call->payload());
                return [];
            case 'missing':
                return ['missing' => (new StagedFiles($this->work))->missing((array) $arguments['files'])];
            case 'moves':
                return $this->moves((int) $arguments['from'], (array) $arguments['moves']);
            case 'sums':
                return ['sums' => (object) (new Staging($this->names))->sums((array) $arguments['tables'], $reply)];
            case 'marks':
                return ['marks' => (object) (new Staging($this->names))->marks((array) $arguments['tables'], $reply)];
            case 'swap':
                return $this->swap($arguments, $reply);
            case 'confirm':
                Probation::end($this->work);
                return $this->status();
            case 'rollback':
                return $this->rollback((float) ($arguments['patience'] ?? 5));
            case 'finish':
                CleanUp::run($this->job);
                return ['state' => null];
            default:
                return $this->status();
        }
    }

    /** A worker that wakes late must not take away what a newer one has laid here. */
    public static function require_newest(Job $job, int $fence): void
    {
        if ($fence < (new Work(self::folder($job)))->fence()) {
            throw new Incomplete('A newer attempt is at work here.');
        }
    }

    /** An attempt of the job that was overtaken by a newer one has nothing more to say. The file is its own: the state is written by whoever has the turn. */
    private function claim(int $fence): void
    {
        $this->fence = $fence;
        self::require_newest($this->job, $fence);
        if ($fence > $this->work->fence() && $this->work->exists()) {
            $this->work->replace('fence', (string) $fence);
        }
    }

    /** @return array<string,mixed> */
    private function status(): array
    {
        $state = $this->work->state();
        return [
            'state' => $this->work->exists() ? $state['state'] : null,
            'refusal' => $state['refusal'] ?? null,
            'before' => $state['before'] ?? [],
            'tables' => array_column($state['tables'] ?? [], 'live'),
        ];
    }

    /**
     * @param array<int,array<string,mixed>> $tables
     *
     * @return array<string,mixed>
     */
    private function prepare(array $tables): array
    {
        global $wpdb;
        if ('1' !== (string) $wpdb->get_var("SELECT GET_LOCK('clonehub_restore', 10)") || Others::at_work($this->work)) {
            return ['busy' => true];
        }

        // A call that comes late must not say that places which have been changed are still to be.
        if ($this->work->exists() && !$this->work->lock('turn', self::MOST_PATIENCE)) {
            return ['busy' => true];
        }

        if ($this->work->exists() && Work::STAGING !== $this->work->state()['state']) {
            $this->work->unlock();
            return ['busy' => false, 'state' => $this->work->state()['state']];
        }

        $definition = Staging::definition($tables);
        $staging = new Staging($this->names);
        $keeps = $this->work->exists() && $definition === ($this->work->state()['definition'] ?? '') && $staging->is_there(count($tables));
        $this->make_folder();
        $this->work->replace('fence', (string) $this->fence);
        $this->work->write([
            'definition' => $definition,
            'state' => Work::STAGING,
            'since' => time(),
            'content' => wp_normalize_path((string) realpath(WP_CONTENT_DIR)),
            'server' => self::server(),
            'tables' => array_map(fn (int $number): array => [
                'live' => (string) $tables[$number]['live'],
                'new' => $this->names->of_new($number),
                'old' => $this->names->of_old($number),
                'replaces' => (bool) $tables[$number]['replaces'],
            ], array_keys($tables)),
        ]);
        if (!$keeps) {
            $staging->create($tables);
        }

        $this->work->unlock();
        $staging->number($tables);
        return ['busy' => false, 'state' => Work::STAGING, 'kept' => $keeps];
    }

    /**
     * A call that is larger than what this web server takes at once comes in parts, and says then that it has come.
     *
     * @return array<string,mixed>
     */
    private function part(int $offset, string $bytes): array
    {
        $this->make_folder();
        $handle = @fopen("{$this->work->folder}/parts-{$this->fence}", 'cb');
        if (false === $handle || !ftruncate($handle, $offset) || 0 !== fseek($handle, $offset) || strlen($bytes) !== fwrite($handle, $bytes)) {
            throw new \RuntimeException('A part of a call cannot be written; the disk may be full.');
        }

        fclose($handle);
        return [];
    }

    /**
     * @param array<string,mixed> $parts Number of the attempt that sent them, and MD5 of the whole.
     *
     * @throws Refused If that is not what came.
     */
    public function joined(array $parts): string
    {
        $body = (string) @file_get_contents($this->work->folder . '/parts-' . (int) $parts['fence']);
        if (md5($body) !== $parts['md5']) {
            throw new Refused(409, 'parts');
        }

        return $body;
    }

    private function make_folder(): void
    {
        foreach (['', '/new', '/old', '/code'] as $name) {
            if (!is_dir($this->work->folder . $name) && !mkdir($this->work->folder . $name, 0755, true)) {
                throw new \RuntimeException('The work folder cannot be made.');
            }
        }

        foreach (['visitors' => '', 'turn' => '', '.htaccess' => "Require all denied\n", 'index.php' => "<?php\n"] as $name => $text) {
            if (!is_file("{$this->work->folder}/$name")) {
                file_put_contents("{$this->work->folder}/$name", $text);
            }
        }
    }

    /** @return array{0:string,1:int,2:string} Where the database is, for whoever has nothing of WordPress. */
    private static function server(): array
    {
        global $wpdb;
        $parsed = $wpdb->parse_db_host(DB_HOST);
        [$host, $port, $socket, $is_ipv6] = is_array($parsed) ? $parsed : [DB_HOST, null, null, false];
        return [$is_ipv6 && extension_loaded('mysqlnd') ? "[$host]" : (string) $host, (int) $port, (string) $socket];
    }

    /**
     * @param array<int,array{0:string,1:string}> $moves
     *
     * @return array<string,mixed>
     */
    private function moves(int $from, array $moves): array
    {
        $lines = 0 === $from ? [] : array_slice((array) @file($this->work->folder . '/moves', FILE_IGNORE_NEW_LINES), 0, $from);
        foreach ($moves as [$path, $kind]) {
            if (preg_match('#(^|/)\.\.?(/|$)|^/|//|\\\\|\n#', (string) $path) || !in_array($kind, ['add', 'replace', 'remove'], true)) {
                throw new \RuntimeException('A path leaves its root.');
            }

            $lines[] = json_encode([$path, $kind], JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR);
        }

        $this->work->replace('moves', implode("\n", $lines) . "\n");
        return ['count' => count($lines)];
    }

    /**
     * @param array<string,mixed> $arguments
     *
     * @return array<string,mixed>
     */
    private function swap(array $arguments, Reply $reply): array
    {
        $state = $this->work->state();
        if (Work::STAGING !== $state['state'] || !isset($state['tables'])) {
            return $this->status();
        }

        $merge = [];
        foreach ($state['tables'] as $table) {
            if ($table['live'] === ($arguments['options'] ?? null)) {
                $options = new Options($table['live'], $table['new']);
                foreach ($options->merge((array) $arguments['kept_names'], (array) $arguments['kept_patterns'], $arguments['kept_plugins'] ?? null) as $sql) {
                    $merge[] = [$table['new'], $sql];
                }
            }
        }

        $seen = (array) ($arguments['seen'] ?? []);
        $changes = ['state' => Work::SWAPPING, 'merge' => $merge, 'before' => (array) ($arguments['before'] ?? [])];
        $changed = fn (): array => [] === $seen ? [] : (new Staging($this->names))->changed($seen, $reply);
        return (new Turn($this->work))->run(Work::STAGING, $changes, self::patience((float) ($arguments['patience'] ?? 5)), null, $this->fence, $changed);
    }

    /** @return array<string,mixed> */
    private function rollback(float $patience): array
    {
        // A change of places may still wait for its turn; the newer fence stops it as soon as it has it.
        if ($this->work->exists() && !$this->work->lock('turn', self::MOST_PATIENCE)) {
            return ['busy' => true];
        }

        $this->work->unlock();
        if (Work::SWAPPED !== $this->work->state()['state']) {
            return $this->status();
        }

        return (new Turn($this->work))->run(Work::SWAPPED, ['state' => Work::REVERTING, 'after' => Work::REVERTED], self::patience($patience), null, $this->fence);
    }

    private static function patience(float $wanted): float
    {
        return max(0.0, min(self::MOST_PATIENCE, $wanted));
    }
}
