<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\InClone;

use CloneHub\Migrator\Call;
use CloneHub\Migrator\Refused;
use CloneHub\Migrator\Reply;

/** The plugin inside a clone: the guard around it, and its keeper's calls. The clone's wp-config.php says whose clone it is. */
final class Site
{
    /** Calls that change the clone are obeyed once. */
    private const CHANGING = ['adopt'];
    private const OPERATIONS = ['hello', 'adopt', 'urls'];

    public static function is_configured(): bool
    {
        return defined('CLONEHUB_JOB_ID') && defined('CLONEHUB_PUBLIC_KEY') && defined('CLONEHUB_STATE_DIR');
    }

    public static function boot(): void
    {
        MailCapture::install(CLONEHUB_STATE_DIR . '/mail');
        CronHold::install();
        NoIndex::install();
        Banner::install(defined('CLONEHUB_SOURCE_URL') ? (string) CLONEHUB_SOURCE_URL : '');
        $call = Call::of(CLONEHUB_JOB_ID);
        if (null === $call) {
            return;
        }

        try {
            $call->verify(CLONEHUB_PUBLIC_KEY, self::OPERATIONS);
            $arguments = $call->arguments();
        } catch (Refused $refused) {
            $refused->answer();
            return;
        }

        // Users, menus and post types are complete only when WordPress is.
        add_action('wp_loaded', static fn () => self::obey($call, $arguments), PHP_INT_MIN);
    }

    /** @param array<string,mixed> $arguments */
    private static function obey(Call $call, array $arguments): void
    {
        try {
            if (in_array($call->op, self::CHANGING, true)) {
                (new SeenCalls(CLONEHUB_STATE_DIR . '/calls'))->take($call->nonce);
            }
        } catch (Refused $refused) {
            $refused->answer();
        }

        $reply = new Reply(false);
        try {
            $reply->json(Reply::JSON, self::answer($call->op, $arguments));
            $reply->json(Reply::END, []);
        } catch (\Throwable $trouble) {
            $reply->json(Reply::ERROR, ['message' => substr($trouble->getMessage(), 0, 500), 'at' => basename($trouble->getFile()) . ':' . $trouble->getLine()]);
        }

        exit;
    }

    /**
     * @param array<string,mixed> $arguments
     *
     * @return array<string,mixed>
     */
    private static function answer(string $op, array $arguments): array
    {
        switch ($op) {
            case 'adopt':
                return Adoption::adopt((string) $arguments['username'], (string) $arguments['email'], (string) $arguments['password']) + self::identity();
            case 'urls':
                return Addresses::some((int) ($arguments['pages'] ?? 10), (int) ($arguments['media'] ?? 20));
            default:
                return self::identity();
        }
    }

    /** @return array<string,string> */
    private static function identity(): array
    {
        return [
            'plugin_version' => \CloneHub\Migrator\Version::NUMBER,
            'job_id' => (string) CLONEHUB_JOB_ID,
            'wordpress_version' => (string) $GLOBALS['wp_version'],
            'home' => untrailingslashit(home_url()),
        ];
    }
}
