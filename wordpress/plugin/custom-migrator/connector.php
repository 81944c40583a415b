<?php
/**
 * Plugin Name: CloneHub connector {{FOLDER}}
 * Description: Lets CloneHub copy this site once, by signed calls, and removes itself afterwards.
 * Version: {{VERSION}}
 * Author: CloneHub
 * License: GPL-2.0-or-later
 * License URI: https://www.gnu.org/licenses/gpl-2.0.html
 */

namespace CloneHub\Migrator;

defined('ABSPATH') || exit;

// This file alone is read by every PHP, so that one that is too old can say so instead of failing at activation.
if (PHP_VERSION_ID < 70400 || !function_exists('openssl_verify') || !class_exists('mysqli')) {
    if (isset($_SERVER['HTTP_X_CLONEHUB_JOB']) && '{{JOB}}' === $_SERVER['HTTP_X_CLONEHUB_JOB']) {
        header('X-CloneHub-Fault: ' . (PHP_VERSION_ID < 70400 ? 'PHP_TOO_OLD' : (class_exists('mysqli') ? 'NO_OPENSSL' : 'NO_MYSQLI')), true, 501);
        exit;
    }

    return;
}

if (isset($_GET['action'], $_GET['plugin']) && 'activate' === $_GET['action'] && plugin_basename(__FILE__) === $_GET['plugin']) {
    // The list of active plugins is read after this file and written back whole: a connector that leaves meanwhile must wait, or one of
    // the two would be lost. The end of the request releases the lock.
    $GLOBALS['wpdb']->query("SELECT GET_LOCK('clonehub_options', 10)");
    wp_cache_delete('alloptions', 'options');
    wp_cache_delete('active_plugins', 'options');

    // wp-admin/plugins.php notes an activation in this option, and makes it where a site never had it. The site is left as it was found.
    add_filter('pre_update_option_recently_activated', static function ($new, $old) {
        return $old;
    }, 10, 2);

    // An activation sorts the list, which is the order in which plugins are loaded. Ours comes first: a call then costs nothing of the
    // others, and none of them gets the say before it. They keep order and keys, so that the list is what it was once ours is taken out.
    add_filter('pre_update_option_active_plugins', static function ($new, $old) {
        if (!is_array($new) || !is_array($old)) {
            return $new;
        }

        $kept = array_intersect($old, $new);
        $all = $kept;
        foreach (array_diff($new, $old) as $plugin) {
            $all[] = $plugin;
        }

        return array_diff_key($all, $kept) + $kept;
    }, 10, 2);
}

// A visitor's request needs nothing else of this folder, and must not: the connector may be removed while it is under way. At the end
// of its time the connector removes itself on the way; a visitor's page is worth more than that.
$is_ours = isset($_SERVER['HTTP_X_CLONEHUB_JOB']) && '{{JOB}}' === $_SERVER['HTTP_X_CLONEHUB_JOB'];
if (!isset($_SERVER['HTTP_X_CLONEHUB_JOB']) && !defined('DOING_CRON') && 'cli' !== PHP_SAPI && '/' === DIRECTORY_SEPARATOR) {
    // A copy pauses while anybody holds this lock (Visitors.php), which is on a file of the site: ours may go at any time. It is not waited for: who does not get
    // it goes on unseen.
    $GLOBALS['clonehub_visits'][__DIR__] = @fopen(is_file(WP_CONTENT_DIR . '/index.php') ? WP_CONTENT_DIR . '/index.php' : ABSPATH . 'wp-load.php', 'rb');
    if (is_resource($GLOBALS['clonehub_visits'][__DIR__])) {
        // Once more if an answer looked in this moment.
        flock($GLOBALS['clonehub_visits'][__DIR__], LOCK_SH | LOCK_NB) || flock($GLOBALS['clonehub_visits'][__DIR__], LOCK_SH | LOCK_NB);
    }
}

if (!$is_ours && '' !== '{{WORK}}' && is_file(WP_CONTENT_DIR . '/{{WORK}}/visitors')) {
    // A restore may change tables and files while this page is made of them. It waits for whoever holds this lock; who comes too late for
    // that has read what is no longer true, and comes again.
    $GLOBALS['clonehub_visits']['{{WORK}}'] = @fopen(WP_CONTENT_DIR . '/{{WORK}}/visitors', 'rb');
    $is_late = is_resource($GLOBALS['clonehub_visits']['{{WORK}}']) && !flock($GLOBALS['clonehub_visits']['{{WORK}}'], LOCK_SH | LOCK_NB);
    // Looked for before the moment of the turn, which whoever removes it has noted before.
    $is_stale = is_file(WP_CONTENT_DIR . '/{{WORK}}/flush');
    $turned = (float) @file_get_contents(WP_CONTENT_DIR . '/{{WORK}}/turned');
    $is_late = $is_late || $turned >= max((float) $_SERVER['REQUEST_TIME_FLOAT'], (float) ($GLOBALS['clonehub_passed'] ?? 0));
    if (($is_late || $is_stale) && wp_using_ext_object_cache()) {
        // Whoever mended a swap had no cache to empty, and who is late may have kept there what it had read before.
        wp_cache_flush();
        $is_late = true;
        $part = WP_CONTENT_DIR . '/{{WORK}}/turned.' . getmypid();
        if ($is_stale && false !== file_put_contents($part, sprintf('%.6F', microtime(true))) && rename($part, WP_CONTENT_DIR . '/{{WORK}}/turned')) {
            @unlink(WP_CONTENT_DIR . '/{{WORK}}/flush');
        }
    }

    // A page that is waited for must not wait itself for a task that may not begin.
    add_filter('cron_request', static function ($request) {
        return is_file(ABSPATH . '.maintenance') ? ['url' => ''] + (array) $request : $request;
    });
    if (!$is_late && is_file(WP_CONTENT_DIR . '/{{WORK}}/unconfirmed')) {
        // Nobody has looked yet whether the site works with its new content, so its own pages tell.
        register_shutdown_function(static function (): void {
            if (in_array(error_get_last()['type'] ?? 0, [E_ERROR, E_PARSE, E_CORE_ERROR, E_COMPILE_ERROR], true)) {
                @touch(WP_CONTENT_DIR . '/{{WORK}}/fatal');
            }
        });
        if (time() > (int) @file_get_contents(WP_CONTENT_DIR . '/{{WORK}}/unconfirmed') && (@include_once __DIR__ . '/src/autoload.php')) {
            flock($GLOBALS['clonehub_visits']['{{WORK}}'], LOCK_UN);
            $is_late = OnTarget\Probation::judge(WP_CONTENT_DIR . '/{{WORK}}') || !flock($GLOBALS['clonehub_visits']['{{WORK}}'], LOCK_SH | LOCK_NB);
        }
    }

    if ($is_late) {
        header('Retry-After: 1', true, 503);
        header('Cache-Control: no-store');
        exit('Briefly unavailable for scheduled maintenance. Check back in a minute.');
    }
}

if (!is_file(__DIR__ . '/src/autoload.php')) {
    // Whoever took this plugin away has died on the way. The rest goes with the next request of anyone.
    try {
        $clonehub_left = new \RecursiveIteratorIterator(new \RecursiveDirectoryIterator(__DIR__, \FilesystemIterator::SKIP_DOTS), \RecursiveIteratorIterator::CHILD_FIRST);
        foreach ($clonehub_left as $path => $file) {
            if (__FILE__ !== $path) {
                $file->isDir() ? @rmdir($path) : @unlink($path);
            }
        }
    } catch (\Throwable $trouble) {
        // Somebody else takes it away in the same moment.
        return;
    }

    $GLOBALS['wpdb']->query("SELECT GET_LOCK('clonehub_options', 5)");
    wp_cache_delete('alloptions', 'options');
    wp_cache_delete('active_plugins', 'options');
    update_option('active_plugins', array_diff((array) get_option('active_plugins', []), [plugin_basename(__FILE__)]));
    $GLOBALS['wpdb']->query("SELECT RELEASE_LOCK('clonehub_options')");
    @unlink(__FILE__);
    @rmdir(__DIR__);
    if ($is_ours) {
        http_response_code(410);
        exit;
    }

    return;
}

if (!$is_ours && time() < (int) '{{EXPIRES}}') {
    return;
}

if (!(@include_once __DIR__ . '/src/autoload.php')) {
    return;
}

try {
    OnSource\Connector::boot(__FILE__);
} catch (\Throwable $trouble) {
    if ($is_ours) {
        throw $trouble;
    }
}
