<?php
/**
 * Posts and pages of a generated site.
 *
 * @package CloneHub
 */

declare(strict_types=1);

/**
 * Writes posts and pages as the block editor would, with everything in them that copying tools like to break: absolute addresses
 * in HTML and in JSON with escaped slashes, percent signs, backslashes, characters beyond the basic plane.
 */
final class CloneHub_Bakery {

    private const TITLES = array( 'Rye at dawn', 'Opening hours', 'How we bake', '100 % sourdough', 'Brot & Butter', 'Crumbs 🍞', 'The "old" oven', 'Grain from the mill', 'Café au lait', 'Our harbour' );

    /**
     * Writes posts and pages.
     *
     * @param int[] $images Attachments to show in them.
     * @param int   $posts  How many posts.
     * @param int   $pages  How many pages.
     */
    public static function write( array $images, int $posts, int $pages ): void {
        $bread = wp_insert_term( 'Bread', 'category' )['term_id'];
        $parent = 0;
        for ( $i = 0; $i < $pages; $i++ ) {
            $page = self::one( 'page', 'About: ' . self::title( $i ), $i, $images[ $i % count( $images ) ], array( 'post_parent' => $i % 4 ? $parent : 0 ) );
            $parent = $i % 4 ? $parent : $page;
            add_post_meta( $page, '_builder_data', wp_slash( self::builder_data( $i, $images[ $i % count( $images ) ] ) ) );
        }
        for ( $i = 0; $i < $posts; $i++ ) {
            $image = $images[ $i % count( $images ) ];
            $post  = self::one( 'post', self::title( $i ), $i, $image, array( 'post_category' => array( $bread ), 'tags_input' => array( 'Rye', 'Öl', 'tag-' . $i % 7 ) ) );
            set_post_thumbnail( $post, $image );
            add_post_meta( $post, 'related', array( 'url' => home_url( '/?p=' . $post ), 'note' => "50 % off \\o/ 🥐" ) );
            if ( 0 === $i % 3 ) {
                self::comment( $post, $i );
            }
        }
    }

    private static function one( string $type, string $title, int $number, int $image, array $more ): int {
        $date = gmdate( 'Y-m-d H:i:s', 1640000000 + $number * 777777 );
        return wp_insert_post(
            wp_slash(
                array(
                    'post_type'     => $type,
                    'post_title'    => $title,
                    'post_status'   => 'publish',
                    'post_author'   => 1,
                    'post_date'     => $date,
                    'post_date_gmt' => $date,
                    'post_excerpt'  => 'Baked on day ' . $number . ' at 230 °C, 20 % less salt.',
                    'post_content'  => self::blocks( $title, $number, $image ),
                ) + $more
            )
        );
    }

    private static function blocks( string $title, int $number, int $image ): string {
        $src    = (string) wp_get_attachment_url( $image );
        $large  = (string) wp_get_attachment_image_url( $image, 'medium' );
        $home   = home_url( '/' );
        $cover  = wp_json_encode( array( 'url' => $src, 'id' => $image, 'dimRatio' => 40 ) );
        $button = wp_json_encode( array( 'url' => $home . '?s=100%25', 'text' => 'Search', 'data' => array( 'back' => $home ) ) );
        return <<<HTML
        <!-- wp:paragraph --><p>$title: no. $number of our loaves is made of 100 % rye. Read <a href="{$home}sample-page/">how</a> or <a href='{$home}feed/'>subscribe</a>. 🥖 Path: C:\\ovens\\{$number}\\new</p><!-- /wp:paragraph -->
        <!-- wp:image {"id":$image,"sizeSlug":"medium","linkDestination":"media"} --><figure class="wp-block-image size-medium"><a href="$src"><img src="$large" srcset="$large 320w, $src 640w" alt="Loaf &quot;$number&quot;" class="wp-image-$image"/></a></figure><!-- /wp:image -->
        <!-- wp:cover $cover --><div class="wp-block-cover"><img class="wp-block-cover__image-background wp-image-$image" src="$src" alt=""/><div class="wp-block-cover__inner-container"><!-- wp:paragraph --><p>Fresh</p><!-- /wp:paragraph --></div></div><!-- /wp:cover -->
        <!-- wp:bakery/button $button /-->
        <!-- wp:html --><div style="background-image:url('$src');width:50%"></div><!-- /wp:html -->
        HTML;
    }

    /** What page builders keep in a meta value: JSON with escaped slashes, not serialised by PHP. */
    private static function builder_data( int $number, int $image ): string {
        return (string) wp_json_encode(
            array(
                array(
                    'id'       => "e$number",
                    'settings' => array( 'image' => array( 'url' => wp_get_attachment_url( $image ), 'id' => $image ), 'link' => home_url( '/contact/?ref=50%25' ) ),
                    'text'     => "<a href=\"" . home_url( '/' ) . "\">Grüße 🥨</a> \\ 100 %",
                ),
            )
        );
    }

    private static function comment( int $post, int $number ): void {
        wp_insert_comment(
            wp_slash(
                array(
                    'comment_post_ID'      => $post,
                    'comment_author'       => "Guest $number",
                    'comment_author_email' => "guest$number@example.org",
                    'comment_content'      => "Lovely 😋, 10 % too salty. See " . home_url( "/?p=$post" ) . ' \\o/',
                    'comment_date'         => '2024-03-01 10:00:00',
                    'comment_date_gmt'     => '2024-03-01 09:00:00',
                    'comment_approved'     => 1,
                )
            )
        );
    }

    private static function title( int $number ): string {
        return self::TITLES[ $number % 10 ] . ( $number < 10 ? '' : ' ' . ( 1 + intdiv( $number, 10 ) ) );
    }
}
