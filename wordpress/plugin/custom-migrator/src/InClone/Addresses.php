<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\InClone;

/** Addresses of this site that are worth visiting: what a check of the clone asks for. */
final class Addresses
{
    private const MOST_MENU_ITEMS = 200;

    /** @return array<string,mixed> */
    public static function some(int $pages, int $media): array
    {
        return [
            'home' => home_url('/'),
            'source' => defined('CLONEHUB_SOURCE_URL') ? (string) CLONEHUB_SOURCE_URL : null,
            'pages' => self::pages(min(100, max(0, $pages))),
            'menus' => self::on_this_site(array_merge(self::menu_items(), self::navigation_blocks())),
            'media' => self::on_this_site(self::media(min(200, max(0, $media)))),
        ];
    }

    /** @return array<int,array{url:string,title:string}> */
    private static function pages(int $count): array
    {
        $types = array_filter(get_post_types(['public' => true]), static fn (string $type): bool => 'attachment' !== $type && is_post_type_viewable($type));
        $posts = 0 === $count ? [] : get_posts([
            'post_type' => array_values($types),
            'post_status' => 'publish',
            'has_password' => false,
            'orderby' => 'rand',
            'numberposts' => $count,
        ]);
        return array_map(
            static fn (\WP_Post $post): array => ['url' => (string) get_permalink($post), 'title' => html_entity_decode(get_the_title($post), ENT_QUOTES)],
            $posts
        );
    }

    /** @return string[] */
    private static function menu_items(): array
    {
        $urls = [];
        foreach (wp_get_nav_menus() as $menu) {
            foreach (wp_get_nav_menu_items($menu) ?: [] as $item) {
                $urls[] = (string) $item->url;
            }
        }

        return $urls;
    }

    /** @return string[] Links of block themes' menus. */
    private static function navigation_blocks(): array
    {
        $urls = [];
        $collect = static function (array $blocks) use (&$collect, &$urls): void {
            foreach ($blocks as $block) {
                if (isset($block['attrs']['url']) && is_string($block['attrs']['url'])) {
                    $urls[] = $block['attrs']['url'];
                }

                $collect($block['innerBlocks']);
            }
        };
        foreach (get_posts(['post_type' => 'wp_navigation', 'post_status' => 'publish', 'numberposts' => 20]) as $post) {
            $collect(parse_blocks($post->post_content));
        }

        return $urls;
    }

    /** @return string[] */
    private static function media(int $count): array
    {
        $posts = 0 === $count ? [] : get_posts(['post_type' => 'attachment', 'post_status' => 'inherit', 'orderby' => 'rand', 'numberposts' => $count]);
        return array_map(static fn (\WP_Post $post): string => (string) wp_get_attachment_url($post->ID), $posts);
    }

    /**
     * @param string[] $urls
     *
     * @return string[] Absolute, without doubles and fragments.
     */
    private static function on_this_site(array $urls): array
    {
        $own = [];
        foreach ($urls as $url) {
            $url = (string) strtok($url, '#');
            if ('' !== $url && '/' === $url[0] && '//' !== substr($url, 0, 2)) {
                $url = home_url($url);
            }

            if (wp_parse_url($url, PHP_URL_HOST) === wp_parse_url(home_url(), PHP_URL_HOST)) {
                $own[$url] = true;
            }
        }

        return array_slice(array_map('strval', array_keys($own)), 0, self::MOST_MENU_ITEMS);
    }
}
