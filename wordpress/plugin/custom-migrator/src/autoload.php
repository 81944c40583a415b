<?php
/**
 * Loads the classes of this folder on demand. The namespace differs between builds, so that connectors of several jobs can
 * be active on one site.
 *
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator;

defined('ABSPATH') || exit;

spl_autoload_register(
    static function (string $class): void {
        if (0 !== strncmp($class, __NAMESPACE__ . '\\', strlen(__NAMESPACE__) + 1)) {
            return;
        }

        $file = __DIR__ . '/' . str_replace('\\', '/', substr($class, strlen(__NAMESPACE__) + 1)) . '.php';
        if (is_file($file)) {
            require_once $file;
        }
    }
);
