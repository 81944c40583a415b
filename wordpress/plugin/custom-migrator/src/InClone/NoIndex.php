<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\InClone;

/** Keeps search engines from taking the copy for the original, whatever the original's setting is. */
final class NoIndex
{
    public static function install(): void
    {
        add_filter('pre_option_blog_public', static fn (): string => '0', PHP_INT_MAX);
        if (!headers_sent()) {
            header('X-Robots-Tag: noindex, nofollow');
        }
    }
}
