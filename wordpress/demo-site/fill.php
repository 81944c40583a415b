<?php
/**
 * Fills a site with content: php fill.php DOCUMENT_ROOT
 *
 * CLONEHUB_CONTENT is "tiny" or "demo"; CLONEHUB_TEST_DATA may name a folder with public WordPress content to import.
 *
 * @package CloneHub
 */

declare(strict_types=1);

$_SERVER['HTTP_HOST']   = 'localhost';
$_SERVER['REQUEST_URI'] = '/';

// One object cache for the whole run and no revisions: thousands of inserts, none of them edited.
define( 'WP_POST_REVISIONS', false );

require $argv[1] . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/image.php';
require __DIR__ . '/class-clonehub-media.php';

$clonehub_image = CloneHub_Media::paint( 'sourdough', 1, 640, 480 );
$clonehub_url   = wp_get_attachment_url( $clonehub_image );
foreach ( array( 'Opening hours', 'How we bake' ) as $clonehub_title ) {
    wp_insert_post(
        array(
            'post_title'   => $clonehub_title,
            'post_status'  => 'publish',
            'post_author'  => 1,
            'post_content' => wp_slash(
                '<!-- wp:image {"id":' . $clonehub_image . ',"url":' . wp_json_encode( $clonehub_url ) . '} --><figure class="wp-block-image"><img src="'
                . $clonehub_url . '" alt=""/></figure><!-- /wp:image --><!-- wp:paragraph --><p>100 % rye 🍞, see <a href="' . home_url( '/sample-page/' )
                . '">our page</a>. C:\\ovens\\one</p><!-- /wp:paragraph -->'
            ),
        )
    );
}
