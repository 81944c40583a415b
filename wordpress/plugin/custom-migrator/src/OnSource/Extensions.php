<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnSource;

/** The site's plugins and themes, by what stands at the head of their files. Connectors are none of them. */
final class Extensions
{
    /** @return array<int,array{kind:string,name:string,file:string,version:string,active:bool}> */
    public static function all(): array
    {
        return array_merge(self::plugins(), self::themes());
    }

    /** @return array<int,array{kind:string,name:string,file:string,version:string,active:bool}> */
    private static function plugins(): array
    {
        $active = (array) get_option('active_plugins', []);
        $plugins = [];
        foreach (array_diff(@scandir(WP_PLUGIN_DIR) ?: [], ['.', '..']) as $name) {
            if (Exclusions::is_connector($name)) {
                continue;
            }

            $files = is_dir(WP_PLUGIN_DIR . "/$name") ? (glob(WP_PLUGIN_DIR . "/$name/*.php") ?: []) : [WP_PLUGIN_DIR . "/$name"];
            foreach ($files as $path) {
                $head = '.php' === substr($path, -4) && is_readable($path) ? get_file_data($path, ['name' => 'Plugin Name', 'version' => 'Version']) : ['name' => ''];
                if ('' !== $head['name']) {
                    $file = substr($path, strlen(WP_PLUGIN_DIR) + 1);
                    $plugins[] = ['kind' => 'plugin', 'name' => $name, 'file' => $file, 'version' => $head['version'], 'active' => in_array($file, $active, true)];
                }
            }
        }

        return $plugins;
    }

    /** @return array<int,array{kind:string,name:string,file:string,version:string,active:bool}> */
    private static function themes(): array
    {
        $chosen = [get_option('stylesheet'), get_option('template')];
        $themes = [];
        foreach (glob(WP_CONTENT_DIR . '/themes/*/style.css') ?: [] as $path) {
            $name = basename(dirname($path));
            $version = is_readable($path) ? get_file_data($path, ['version' => 'Version'])['version'] : '';
            $themes[] = ['kind' => 'theme', 'name' => $name, 'file' => "$name/style.css", 'version' => $version, 'active' => in_array($name, $chosen, true)];
        }

        return $themes;
    }
}
