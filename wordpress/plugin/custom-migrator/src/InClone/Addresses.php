<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\InClone;

/** Addresses that this site's pages, menus and media have: what a check of the clone asks for. Also those that lead elsewhere. */
final class Addresses
{
    /** @return array<string,mixed> */
    public static function some(int $pages, int $media): array
    {
        return [
            'home' => home_url('/'),
            'source' => defined('CLONEHUB_SOURCE_URL') ? (string) CLONEHUB_SOURCE_URL : null,
            'addresses' => defined('CLONEHUB_SOURCE_ADDRESSES') ? json_decode((string) CLONEHUB_SOURCE_ADDRESSES) : null,
            'pages' => self::pages(min(100, max(0, $pages))),
            'menus' => self::absolute(array_merge(self::menu_items(), self::navigation_blocks())),
            'media' => self::absolute(self::media(min(200, max(0, $media)))),
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
        foreach (get_posts(['post_type' => 'wp_navigation', 'post_status' => 'publish', 'numberposts' => -1]) as $post) {
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
     * @return string[] Addresses of web pages, without doubles and fragments.
     */
    private static function absolute(array $urls): array
    {
        $found = [];
        foreach ($urls as $url) {
            $url = explode('#', $url)[0];
            if ('//' === substr($url, 0, 2)) {
                $url = set_url_scheme($url);
            } elseif ('' !== $url && '/' === $url[0]) {
                $url = home_url($url);
            }

            if (preg_match('#^https?://#i', $url)) {
                $found[$url] = true;
            }
        }

        return array_map('strval', array_keys($found));
    }
}
