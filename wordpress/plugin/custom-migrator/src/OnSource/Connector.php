<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnSource;

use CloneHub\Migrator\Budget;
use CloneHub\Migrator\Call;
use CloneHub\Migrator\OnTarget\Caches;
use CloneHub\Migrator\OnTarget\Target;
use CloneHub\Migrator\OnTarget\Work;
use CloneHub\Migrator\Refused;
use CloneHub\Migrator\Reply;
use CloneHub\Migrator\Said;

/**
 * The job's end on the site to be copied. Works while WordPress includes its plugins, before themes, routes and the other
 * plugins get a say: it needs no permalinks and no REST, and takes a few milliseconds.
 */
final class Connector
{
    public const OPERATIONS = ['hello', 'extensions', 'schema', 'dump', 'ranges', 'list', 'get', 'sweep', 'bye'];

    public static function boot(string $main_file): void
    {
        $job = Job::read($main_file);
        $call = Call::of($job->id);
        if (time() >= $job->expires) {
            try {
                (new Removal($job, (int) $job->attempt_of($job->name())))->run();
            } catch (\Throwable $trouble) {
                // The next request tries again.
                unset($trouble);
            }

            if (null !== $call) {
                (new Refused(410, 'expired'))->answer();
            }

            return;
        }

        if (null !== $call) {
            self::obey($job, $call);
        }
    }

    private static function obey(Job $job, Call $call): void
    {
        try {
            $call->verify($job->public_key, null === $job->work ? self::OPERATIONS : array_merge(self::OPERATIONS, Target::OPERATIONS), $job->work);
            $arguments = $call->arguments();
            if (null !== $job->work && isset($arguments['parts'])) {
                $arguments = $call->arguments((new Target($job))->joined((array) $arguments['parts']));
            }

            $is_leaving = 'bye' === $call->op || 'sweep' === $call->op;
            if ($is_leaving && null === $job->attempt_of((string) ($arguments['build'] ?? ''))) {
                throw new Refused(401, 'stale');
            }

            if ($is_leaving || (null !== $job->work && in_array($call->op, Target::ONCE, true))) {
                Nonces::take($job, $call->nonce);
            }
        } catch (Refused $refused) {
            $refused->answer();
        }

        if ('flush' === $call->op) {
            // Who keeps pages is loaded after us.
            add_action('wp_loaded', static fn () => self::flush($job), PHP_INT_MAX);
            return;
        }

        $reply = new Reply((bool) ($arguments['deflate'] ?? false));
        try {
            self::run($job, $call, $arguments, $reply);
        } catch (\Throwable $trouble) {
            $reply->json(Reply::ERROR, [
                'message' => Said::by($trouble, 500),
                'at' => basename($trouble->getFile()) . ':' . $trouble->getLine(),
                'final' => $trouble instanceof Incomplete,
            ]);
        }

        exit;
    }

    /** @param array<string,mixed> $arguments */
    private static function run(Job $job, Call $call, array $arguments, Reply $reply): void
    {
        $budget = new Budget($reply, new Visitors($reply), $arguments);
        switch ($call->op) {
            case 'hello':
                $reply->json(Reply::JSON, Hello::facts($job));
                $reply->json(Reply::END, []);
                break;
            case 'extensions':
                $reply->json(Reply::JSON, ['extensions' => Extensions::all()]);
                $reply->json(Reply::END, []);
                break;
            case 'schema':
                $reply->json(Reply::JSON, (new Schema(Database::connect('utf8mb4')))->describe());
                $reply->json(Reply::END, []);
                break;
            case 'dump':
                (new Dump(Database::connect('binary'), $reply, $budget))->send((array) ($arguments['tables'] ?? []));
                break;
            case 'ranges':
                (new Ranges(Database::connect('binary'), $reply, $budget))->send((array) ($arguments['tables'] ?? []));
                break;
            case 'list':
                $tree = Tree::named((string) ($arguments['root'] ?? ''));
                (new Listing($tree, $reply, $budget, (bool) ($arguments['hasty'] ?? false), (bool) ($arguments['sums'] ?? true)))->send((string) ($arguments['after'] ?? ''));
                break;
            case 'get':
                (new Files(Tree::named((string) ($arguments['root'] ?? '')), $reply, $budget))->send((array) ($arguments['files'] ?? []));
                break;
            case 'sweep':
            case 'bye':
                // Whichever of the job's connectors is asked: an attempt that has come in removes those before it, one that leaves itself as well.
                $attempt = (int) $job->attempt_of((string) $arguments['build']);
                if (null !== $job->work) {
                    Target::require_newest($job, (int) ($arguments['fence'] ?? $attempt));
                }

                $is_farewell = 'bye' === $call->op;
                $reply->json(Reply::JSON, ['left' => (new Removal($job, $attempt - ($is_farewell ? 0 : 1), $is_farewell))->run()]);
                $reply->json(Reply::END, []);
                break;
            default:
                $reply->json(Reply::JSON, (new Target($job))->answer($call, $arguments, $reply));
                $reply->json(Reply::END, []);
                break;
        }
    }

    private static function flush(Job $job): void
    {
        Caches::flush(new Work(Target::folder($job)));
        $reply = new Reply(false);
        $reply->json(Reply::JSON, []);
        $reply->json(Reply::END, []);
        exit;
    }
}
