<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnSource;

/** What a copy of the site can do without, or must not have. */
final class Exclusions
{
    private const LARGE_LOG = 10485760;

    /** Entries of these names are left out wherever they are. */
    private const ANYWHERE = [
        '.git' => 'version control',
        '.svn' => 'version control',
        '.hg' => 'version control',
        'node_modules' => 'build tools',
        '.DS_Store' => 'litter',
        '.user.ini' => 'PHP settings of the host',
        'php.ini' => 'PHP settings of the host',
    ];

    /** Paths below wp-content. */
    private const CONTENT = [
        '#^\.clonehub-[a-z2-7]{8}-[0-9a-f]{16}$#' => 'work folder of a restore',
        '#^cache$#' => 'cache',
        '#^(et-cache|litespeed|endurance-page-cache)$#' => 'cache',
        '#^uploads/cache$#' => 'cache',
        '#^upgrade[^/]*$#' => 'work folder of updates',
        '#^(ai1wm-backups|updraft|wpvivid_?backups?[^/]*|backups-dup[^/]*|backwpup[^/]*|backup-migration[^/]*|backups?-db|wpstg[^/]*)$#' => 'backups',
        '#^uploads/(backwpup[^/]*|backupbuddy_(backups|temp)|wpstg|wp-staging|wpbackitup_backups|updraft|ai1wm-backups|wp-clone|snapshots)$#' => 'backups',
        '#^(wflogs|wflogs-.*|mysql\.sql|wp-staging)$#' => 'logs or backups',
    ];

    /** Paths below the folder of WordPress. */
    private const CORE = [
        '#^wp-config\.php$#' => 'holds the site\'s secrets; the copy gets its own',
        '#^(wordfence-waf|gd-config)\.php$#' => 'prepended by the host',
        '#^(error_log|cgi-bin|\.well-known|\.tmb|\.quarantine)$#' => 'belongs to the host',
    ];

    /** @return string|null Why to leave the entry out. */
    public static function reason(bool $is_content, string $path, bool $is_directory, int $size): ?string
    {
        $name = basename($path);
        if (isset(self::ANYWHERE[$name])) {
            return self::ANYWHERE[$name];
        }

        foreach ($is_content ? self::CONTENT : self::CORE as $pattern => $reason) {
            if (preg_match($pattern, $path)) {
                return $reason;
            }
        }

        if ($is_content && 'plugins' === dirname($path) && self::is_connector($name)) {
            return 'CloneHub\'s own connector';
        }

        if (!$is_directory && '.wpress' === substr($name, -7)) {
            return 'backups';
        }

        return !$is_directory && '.log' === substr($name, -4) && $size > self::LARGE_LOG ? 'large log' : null;
    }

    /** Whether a plugin folder is a job's connector, this one's or another's. */
    public static function is_connector(string $folder): bool
    {
        return 1 === preg_match('/^clonehub-[a-z2-7]{8}(-[0-9]+)?$/', $folder);
    }
}
