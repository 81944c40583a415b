<?php
/**
 * Installs WordPress without a browser: php install.php DOCUMENT_ROOT
 *
 * CLONEHUB_SITE_URL is the address of the site, CLONEHUB_ADMIN_PASSWORD the password of its administrator "admin".
 *
 * @package CloneHub
 */

declare(strict_types=1);

$clonehub_root = $argv[1];
$clonehub_url  = (string) getenv( 'CLONEHUB_SITE_URL' );

$_SERVER['HTTP_HOST']       = (string) preg_replace( '#^https?://#', '', $clonehub_url );
$_SERVER['REQUEST_URI']     = '/wp-admin/install.php';
$_SERVER['SCRIPT_NAME']     = '/wp-admin/install.php';
$_SERVER['PHP_SELF']        = '/wp-admin/install.php';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
$_SERVER['REQUEST_METHOD']  = 'GET';

define( 'WP_INSTALLING', true );
define( 'WP_SITEURL', $clonehub_url );

/**
 * Replaces the mail that WordPress sends to a new administrator; there is nobody to read it.
 */
function wp_new_blog_notification(): void {
}

require $clonehub_root . '/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';

$clonehub_result = wp_install( 'Harbour Lane Bakery', 'admin', 'admin@example.org', true, '', (string) getenv( 'CLONEHUB_ADMIN_PASSWORD' ) );
if ( empty( $clonehub_result['user_id'] ) ) {
    fwrite( STDERR, "WordPress could not be installed.\n" );
    exit( 1 );
}

update_option( 'siteurl', $clonehub_url );
update_option( 'home', $clonehub_url );
update_option( 'blogdescription', 'Bread, and what goes with it' );
update_option( 'permalink_structure', '/%year%/%monthnum%/%postname%/' );
update_option( 'timezone_string', 'Europe/Berlin' );
switch_theme( 'twentytwentyone' );
