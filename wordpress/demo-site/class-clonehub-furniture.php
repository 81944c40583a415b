<?php
/**
 * What a site has besides posts.
 *
 * @package CloneHub
 */

declare(strict_types=1);

/**
 * Users, menus, widgets, styles and the kind of options that plugins keep.
 */
final class CloneHub_Furniture {

    private const ROLES = array( 'editor', 'author', 'contributor', 'subscriber' );

    /**
     * Arranges all of it.
     *
     * @param int[] $images Attachments to use.
     */
    public static function arrange( array $images ): void {
        self::users();
        self::menus();
        self::widgets( $images[0] );
        self::options( $images );
        wp_update_custom_css_post( ".site-title{background:url('" . wp_get_attachment_url( $images[1] ) . "');width:100%}\n.a::before{content:'\\201C'}" );
    }

    private static function users(): void {
        foreach ( self::ROLES as $role ) {
            $user = wp_insert_user(
                array(
                    'user_login'  => "baker-$role",
                    'user_email'  => "$role@example.org",
                    'user_pass'   => wp_generate_password( 20 ),
                    'user_url'    => home_url( "/team/$role/" ),
                    'description' => "Bakes 100 % as $role",
                    'role'        => $role,
                )
            );
            update_user_meta( $user, 'shortcuts', array( 'home' => home_url( '/' ), 'admin' => admin_url() ) );
        }
    }

    private static function menus(): void {
        $menu  = (int) wp_create_nav_menu( 'Main' );
        $items = array( 'Home' => array( 'menu-item-type' => 'custom', 'menu-item-url' => home_url( '/' ) ) );
        foreach ( get_posts( array( 'post_type' => array( 'page', 'post' ), 'numberposts' => 12, 'orderby' => 'ID', 'order' => 'DESC', 'post_status' => 'publish' ) ) as $post ) {
            $items[ $post->post_title ] = array(
                'menu-item-type'      => 'post_type',
                'menu-item-object'    => $post->post_type,
                'menu-item-object-id' => $post->ID,
            );
        }
        $items['Bread'] = array(
            'menu-item-type'      => 'taxonomy',
            'menu-item-object'    => 'category',
            'menu-item-object-id' => get_term_by( 'name', 'Bread', 'category' )->term_id,
        );
        $position = 0;
        foreach ( $items as $title => $item ) {
            wp_update_nav_menu_item( $menu, 0, $item + array( 'menu-item-title' => wp_slash( $title ), 'menu-item-status' => 'publish', 'menu-item-position' => ++$position ) );
        }
        $imported = array_diff( wp_list_pluck( wp_get_nav_menus(), 'term_id' ), array( $menu ) );
        set_theme_mod( 'nav_menu_locations', array( 'primary' => $menu, 'footer' => $imported ? reset( $imported ) : $menu ) );
    }

    private static function widgets( int $image ): void {
        $blocks = array(
            '<!-- wp:search {"label":"Search"} /-->',
            '<!-- wp:image {"id":' . $image . '} --><figure class="wp-block-image"><img src="' . wp_get_attachment_url( $image ) . '" alt=""/></figure><!-- /wp:image -->',
            '<!-- wp:paragraph --><p><a href="' . home_url( '/feed/' ) . '">100 % news</a> 🥯</p><!-- /wp:paragraph -->',
        );
        $options = array( '_multiwidget' => 1 );
        $sidebar = array();
        foreach ( $blocks as $i => $content ) {
            $options[ $i + 20 ] = array( 'content' => $content );
            $sidebar[]          = 'block-' . ( $i + 20 );
        }
        update_option( 'widget_block', $options );
        update_option( 'widget_text', array( '_multiwidget' => 1, 3 => array( 'title' => 'Visit', 'text' => 'Harbour Lane 7<br>' . home_url(), 'filter' => true ) ) );
        update_option( 'sidebars_widgets', array( 'wp_inactive_widgets' => array(), 'sidebar-1' => array_merge( $sidebar, array( 'text-3' ) ), 'array_version' => 3 ) );
    }

    /**
     * Options as plugins write them: nested, JSON inside arrays, serialised inside serialised.
     *
     * @param int[] $images Attachments to use.
     */
    private static function options( array $images ): void {
        $inner = array( 'home' => home_url( '/' ), 'text' => 'Ä 🍞 "quoted" 100 %' );
        update_option( 'bakery_settings', array( 'logo' => wp_get_attachment_url( $images[0] ), 'deep' => array( array( $inner ), 'path' => ABSPATH ), 'on' => true, 'rate' => 0.25 ) );
        update_option( 'bakery_json', wp_json_encode( array( 'endpoint' => rest_url( 'bakery/v1/' ), 'nested' => wp_json_encode( $inner ) ) ) );
        update_option( 'bakery_twice', serialize( serialize( $inner ) ) );
        update_option( 'bakery_object', (object) array( 'url' => home_url( '/shop/?a=1&b=%20' ), 'cron' => '*/5 \\* %' ) );
        update_option( 'bakery_encoded', rawurlencode( home_url( '/go/' ) ) );
        set_theme_mod( 'custom_logo', $images[0] );
        set_theme_mod( 'background_image', wp_get_attachment_url( $images[2] ) );
        update_option( 'posts_per_page', 8 );
    }
}
