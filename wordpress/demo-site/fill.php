<?php
/**
 * Fills a site with content: php fill.php DOCUMENT_ROOT
 *
 * CLONEHUB_CONTENT is "tiny", "demo", "medium", "large" or "huge"; CLONEHUB_TEST_DATA may name a folder with public WordPress content to import.
 *
 * @package CloneHub
 */

declare(strict_types=1);

$_SERVER['HTTP_HOST']   = 'localhost';
$_SERVER['REQUEST_URI'] = '/';

define( 'WP_POST_REVISIONS', false );
// Keeps WordPress from scheduling a pingback for every link.
define( 'WP_IMPORTING', true );

require $argv[1] . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/image.php';
require_once ABSPATH . 'wp-admin/includes/theme.php';
require __DIR__ . '/class-clonehub-media.php';
require __DIR__ . '/class-clonehub-bakery.php';
require __DIR__ . '/class-clonehub-furniture.php';
require __DIR__ . '/class-clonehub-magazine.php';
require __DIR__ . '/class-clonehub-wxr.php';
require __DIR__ . '/class-clonehub-wxr-import.php';

// As administrator, so that WordPress leaves the markup of posts alone.
wp_set_current_user( 1 );
wp_defer_term_counting( true );
wp_defer_comment_counting( true );
// One transaction: a thousand inserts that each wait for the disk take minutes.
$wpdb->query( 'START TRANSACTION' );

if ( 'demo' === getenv( 'CLONEHUB_CONTENT' ) ) {
    $clonehub_data     = (string) getenv( 'CLONEHUB_TEST_DATA' );
    $clonehub_import   = new CloneHub_Wxr_Import( $clonehub_data );
    $clonehub_imported = '' === $clonehub_data ? 0 : $clonehub_import->all();
    $clonehub_images   = CloneHub_Media::gallery( max( 12, 110 - $clonehub_import->media() ) );
    CloneHub_Bakery::write( $clonehub_images, 0 === $clonehub_imported ? 80 : 20, 10 );
    CloneHub_Furniture::arrange( $clonehub_images );
} elseif ( in_array( getenv( 'CLONEHUB_CONTENT' ), array( 'medium', 'large', 'huge' ), true ) ) {
    $clonehub_images = CloneHub_Media::gallery( 12 );
    CloneHub_Bakery::write( $clonehub_images, 20, 10 );
    CloneHub_Furniture::arrange( $clonehub_images );
    if ( 'medium' === getenv( 'CLONEHUB_CONTENT' ) ) {
        CloneHub_Magazine::fill( 1300, 3100 );
    } elseif ( 'large' === getenv( 'CLONEHUB_CONTENT' ) ) {
        CloneHub_Magazine::fill( 1900, 9000 );
        CloneHub_Magazine::journal( 120000 );
    } else {
        CloneHub_Magazine::fill( 1900, 9000 );
        CloneHub_Magazine::journal( 1000000 );
        CloneHub_Magazine::films( 20000, 200000 );
    }
} else {
    CloneHub_Bakery::write( CloneHub_Media::gallery( 2 ), 3, 1 );
}

$wpdb->query( 'COMMIT' );
wp_defer_comment_counting( false );
wp_defer_term_counting( false );
flush_rewrite_rules( false );
printf( "%d posts and pages, %d media\n", array_sum( (array) wp_count_posts() ) + array_sum( (array) wp_count_posts( 'page' ) ), array_sum( (array) wp_count_attachments() ) );
