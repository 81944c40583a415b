<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\InClone;

/** Says on every page that this is not the original. */
final class Banner
{
    private const STYLE = 'position:fixed;left:0;right:0;bottom:0;z-index:99999;padding:6px 12px;background:#1d2327;color:#fff;'
        . 'font:13px/1.5 sans-serif;text-align:center;pointer-events:none;opacity:.92';

    private string $source_url;

    private function __construct(string $source_url)
    {
        $this->source_url = $source_url;
    }

    public static function install(string $source_url): void
    {
        $banner = new self($source_url);
        add_action('wp_footer', [$banner, 'on_page'], PHP_INT_MAX);
        add_action('login_footer', [$banner, 'on_page'], PHP_INT_MAX);
        add_action('admin_notices', [$banner, 'in_admin'], PHP_INT_MIN);
    }

    /** Does not name the source: a check of the clone takes every mention of it on a page for a forgotten address. */
    public function on_page(): void
    {
        echo '<div id="clonehub-banner" role="note" style="' . esc_attr(self::STYLE) . '">'
            . esc_html('Temporary copy of a site: mail is kept back, scheduled tasks are held.') . '</div>';
    }

    public function in_admin(): void
    {
        $source = (string) wp_parse_url($this->source_url, PHP_URL_HOST);
        $text = 'This is a temporary copy' . ('' === $source ? '' : " of $source")
            . '. It is removed when its time is up. Mail is kept back, scheduled tasks are held, search engines are kept out.';
        echo '<div id="clonehub-banner" class="notice notice-warning"><p>' . esc_html($text) . '</p></div>';
    }
}
