<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnTarget;

use CloneHub\Migrator\OnSource\Incomplete;
use CloneHub\Migrator\Said;

/** Changes places: holds new visitors, waits for those that are being served, and then does it while nobody looks. */
final class Turn
{
    private const CODE = [Said::class, Work::class, Others::class, Swap::class, Recovery::class];
    private const PATIENCE_WITH_OTHERS = 5.0;
    private const LONGEST_UPDATE = 600;

    private Work $work;

    public function __construct(Work $work)
    {
        $this->work = $work;
    }

    /**
     * @param string              $from     The state in which it is to be done; in any other nothing is.
     * @param array<string,mixed> $changes  What the state has to say before the first thing is moved.
     * @param float               $patience Seconds that pages which are being served may take to end.
     * @param string|null         $marker   File of the work folder that has to be there still.
     * @param int|null            $fence    Attempt of the job; one that was overtaken while it waited does nothing.
     * @param callable|null       $changed  Names the tables that have changed in the last moment: then nothing is done. Asked while nobody is served.
     *
     * @return array<string,mixed>
     */
    public function run(string $from, array $changes, float $patience, ?string $marker = null, ?int $fence = null, ?callable $changed = null): array
    {
        array_map('class_exists', self::CODE);
        if (!$this->work->lock('turn', self::PATIENCE_WITH_OTHERS)) {
            return ['busy' => true];
        }

        $state = $this->work->state();
        if ($from !== $state['state'] || (null !== $marker && !is_file("{$this->work->folder}/$marker"))) {
            $this->work->unlock();
            return ['state' => $state['state'], 'refusal' => $state['refusal'] ?? null, 'before' => $state['before'] ?? []];
        }

        $others = Others::keep($this->work);
        if (null === $others || $this->is_held_by_others()) {
            $this->work->unlock();
            return ['busy' => true];
        }

        $this->keep_code();
        $this->hold();
        $started = microtime(true);
        $waited = 0.0;
        $is_clear = false;
        try {
            if (!$this->work->lock('visitors', $patience)) {
                return ['busy' => true];
            }

            $is_clear = true;
            $waited = microtime(true) - $started;
            if (null !== $fence && $fence < $this->work->fence()) {
                throw new Incomplete('A newer attempt is at work here.');
            }

            // Also if nothing comes of it: not every visitor shall try again.
            Probation::forget($this->work);
            $lack = (new Swap($this->work))->lacks($changes['state']);
            if (null !== $lack) {
                $this->work->write(['refusal' => $lack]);
                return ['busy' => false, 'state' => $from, 'refusal' => $lack, 'before' => $state['before'] ?? []];
            }

            $late = null === $changed ? [] : $changed();
            if ([] !== $late) {
                return ['busy' => false, 'state' => $from, 'changed' => $late, 'before' => $state['before'] ?? []];
            }

            if (Work::SWAPPING === $changes['state']) {
                $changes['closes'] = array_map(static fn (Work $other): string => basename($other->folder), $others);
            }

            $this->work->write($changes + ['refusal' => null]);
            Recovery::settle($this->work);
            wp_cache_flush();
            @unlink($this->work->folder . '/flush');
        } finally {
            if (!$is_clear || $this->is_settled()) {
                $this->release();
            }

            $this->work->unlock();
            array_map(static fn (Work $other) => $other->unlock(), $others);
        }

        $state = $this->work->state();
        return [
            'busy' => false,
            'state' => $state['state'],
            'refusal' => $state['refusal'] ?? null,
            'before' => $state['before'] ?? [],
            'waited' => (int) round(1000 * $waited),
            'milliseconds' => (int) round(1000 * (microtime(true) - $started)),
        ];
    }

    private function is_settled(): bool
    {
        return !in_array($this->work->state()['state'], [Work::SWAPPING, Work::REVERTING], true);
    }

    /** What mends a swap must be there though the folder of the plugin is not. */
    private function keep_code(): void
    {
        $code = $this->work->folder . '/code';
        if (!is_dir($code)) {
            mkdir($code, 0755);
        }

        $start = "<?php\n";
        foreach (self::CODE as $class) {
            $name = substr((string) strrchr($class, '\\'), 1) . '.php';
            copy((Said::class === $class ? dirname(__DIR__) : __DIR__) . "/$name", "$code/$name");
            $start .= 'class_exists(' . var_export($class, true) . ", false) || require_once __DIR__ . '/$name';\n";
        }

        $this->work->replace('code/pass.php', $start . 'return \\' . Recovery::class . "::pass(dirname(__DIR__), ABSPATH . '.maintenance');\n");
    }

    /** WordPress includes this file before anything else and takes what it sets for the moment that maintenance began. */
    private function hold(): void
    {
        $pass = var_export($this->work->folder . '/code/pass.php', true);
        Work::put(self::file(), "<?php\n\$upgrading = is_file($pass) ? require $pass : 0;\n");
        if (function_exists('opcache_invalidate')) {
            @opcache_invalidate(self::file(), true);
        }
    }

    private function release(): void
    {
        if (!$this->is_held_by_others()) {
            @unlink(self::file());
        }
    }

    /** WordPress updates itself. It leaves what is older than that out of account, as its update has broken off. */
    private function is_held_by_others(): bool
    {
        clearstatcache();
        $text = (string) @file_get_contents(self::file());
        return '' !== $text && false === strpos($text, '/.clonehub-') && time() - (int) @filemtime(self::file()) < self::LONGEST_UPDATE;
    }

    private static function file(): string
    {
        return ABSPATH . '.maintenance';
    }
}
