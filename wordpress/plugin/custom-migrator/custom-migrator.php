<?php
/**
 * Plugin Name: Custom Migrator
 * Description: Marks this site as a temporary copy: keeps mail, scheduled tasks and search engines away from it and answers its keeper's signed calls.
 * Version: 1.0.0
 * Requires at least: 5.7
 * Requires PHP: 7.4
 * Author: CloneHub
 * License: GPL-2.0-or-later
 * License URI: https://www.gnu.org/licenses/gpl-2.0.html
 */

declare(strict_types=1);

namespace CloneHub\Migrator;

defined('ABSPATH') || exit;

require_once __DIR__ . '/src/autoload.php';

if (InClone\Site::is_configured()) {
    InClone\Site::boot();
}
