<?php
/**
 * Import of WordPress export files.
 *
 * @package CloneHub
 */

declare(strict_types=1);

/**
 * Brings public test content into a fresh site: authors, terms, posts, media with their files, menus and comments.
 */
final class CloneHub_Wxr_Import {

    private const CONTENT = 'http://purl.org/rss/1.0/modules/content/';
    private const EXCERPT = 'http://wordpress.org/export/1.2/excerpt/';
    private const AUTHOR  = 'http://purl.org/dc/elements/1.1/';

    /** Posts of the file in hand: number in the file to number here. @var array<int, int> */
    private array $posts = array();

    /** Authors by log-in name. @var array<string, int> */
    private array $authors = array();

    /** Files that were copied: name to address. @var array<string, string> */
    private array $files = array();

    private int $media = 0;

    private string $base = '';

    public function __construct( private string $data ) {
    }

    /** Imports every file and answers how many posts there were. */
    public function all(): int {
        $count = 0;
        foreach ( array( 'wptest/wptest.xml', 'theme-test-data/themeunittestdata.wordpress.xml', 'theme-test-data/64-block-test-data.xml' ) as $file ) {
            if ( is_readable( "$this->data/$file" ) ) {
                $this->posts = array();
                $this->file( new CloneHub_Wxr( "$this->data/$file" ), dirname( "$this->data/$file" ) . '/uploads' );
                $count += count( $this->posts );
            }
        }
        return $count;
    }

    /** How many media were imported. */
    public function media(): int {
        return $this->media;
    }

    private function file( CloneHub_Wxr $wxr, string $uploads ): void {
        $later = array();
        foreach ( $wxr->elements() as $name => $element ) {
            $wp = CloneHub_Wxr::wp( $element );
            match ( $name ) {
                'wp:base_blog_url' => $this->base = rtrim( (string) $element, '/' ),
                'wp:author' => $this->author( $wp ),
                'wp:category' => $this->term( (string) $wp->cat_name, 'category', (string) $wp->category_nicename ),
                'wp:tag' => $this->term( (string) $wp->tag_name, 'post_tag', (string) $wp->tag_slug ),
                'wp:term' => $this->term( (string) $wp->term_name, (string) $wp->term_taxonomy, (string) $wp->term_slug ),
                'item' => 'attachment' === (string) $wp->post_type ? $this->attachment( $element, $wp, $uploads ) : $later[] = $element,
                default => null,
            };
        }
        // Media first: posts refer to their files. Then posts, because menus refer to them.
        foreach ( array( false, true ) as $menus ) {
            foreach ( $later as $item ) {
                $wp = CloneHub_Wxr::wp( $item );
                if ( $menus === ( 'nav_menu_item' === (string) $wp->post_type ) ) {
                    $this->post( $item, $wp );
                }
            }
        }
    }

    private function author( SimpleXMLElement $wp ): void {
        $login = (string) $wp->author_login;
        $known = get_user_by( 'login', $login );
        $this->authors[ $login ] = $known ? $known->ID : (int) wp_insert_user(
            array(
                'user_login'   => $login,
                'user_email'   => sanitize_key( $login ) . '@example.org',
                'user_pass'    => wp_generate_password( 20 ),
                'display_name' => (string) $wp->author_display_name,
                'role'         => 'author',
            )
        );
    }

    private function term( string $name, string $taxonomy, string $slug ): int {
        if ( ! taxonomy_exists( $taxonomy ) || '' === $name ) {
            return 0;
        }
        $known = get_term_by( 'slug', $slug, $taxonomy );
        if ( $known ) {
            return $known->term_id;
        }
        $made = wp_insert_term( wp_slash( $name ), $taxonomy, array( 'slug' => $slug ) );
        return is_wp_error( $made ) ? 0 : $made['term_id'];
    }

    private function attachment( SimpleXMLElement $item, SimpleXMLElement $wp, string $uploads ): void {
        $meta = array_column( CloneHub_Wxr::meta( $wp->postmeta ), 1, 0 );
        $file = $meta['_wp_attached_file'] ?? '';
        if ( '' === $file || ! is_file( "$uploads/$file" ) ) {
            return;
        }
        $target = wp_upload_dir( dirname( $file ) );
        $stem   = pathinfo( $file, PATHINFO_FILENAME );
        foreach ( (array) glob( "$uploads/" . dirname( $file ) . "/$stem*" ) as $copy ) {
            copy( $copy, $target['path'] . '/' . basename( $copy ) );
            chmod( $target['path'] . '/' . basename( $copy ), 0644 );
            $this->files[ basename( $copy ) ] = $target['url'] . '/' . basename( $copy );
        }
        $id = $this->insert( $item, $wp, array( 'post_mime_type' => wp_check_filetype( $file )['type'], 'guid' => $target['url'] . '/' . basename( $file ) ) );
        update_post_meta( $id, '_wp_attached_file', $file );
        $details = maybe_unserialize( $meta['_wp_attachment_metadata'] ?? '' );
        if ( is_array( $details ) ) {
            $details['sizes'] = array_filter( $details['sizes'] ?? array(), static fn( array $size ) => is_file( $target['path'] . '/' . $size['file'] ) );
            wp_update_attachment_metadata( $id, $details );
        }
        ++$this->media;
    }

    private function post( SimpleXMLElement $item, SimpleXMLElement $wp ): void {
        if ( ! post_type_exists( (string) $wp->post_type ) ) {
            return;
        }
        $id = $this->insert( $item, $wp, array() );
        foreach ( CloneHub_Wxr::meta( $wp->postmeta ) as list( $key, $value ) ) {
            add_post_meta( $id, wp_slash( $key ), wp_slash( $this->translate_meta( $key, $value ) ) );
        }
        $terms = array();
        foreach ( $item->category as $category ) {
            $terms[ (string) $category['domain'] ][] = $this->term( (string) $category, (string) $category['domain'], (string) $category['nicename'] );
        }
        foreach ( $terms as $taxonomy => $ids ) {
            wp_set_object_terms( $id, array_filter( $ids ), $taxonomy );
        }
        if ( '1' === (string) $wp->is_sticky ) {
            stick_post( $id );
        }
        $this->comments( $id, $wp->comment );
    }

    private function insert( SimpleXMLElement $item, SimpleXMLElement $wp, array $more ): int {
        $author = CloneHub_Wxr::text( $item, self::AUTHOR, 'creator' );
        $id     = wp_insert_post(
            wp_slash(
                array(
                    'import_id'      => (int) $wp->post_id,
                    'post_author'    => $this->authors[ $author ] ?? 1,
                    'post_date'      => (string) $wp->post_date,
                    'post_date_gmt'  => (string) $wp->post_date_gmt,
                    'post_title'     => (string) $item->title,
                    'post_content'   => $this->translate( CloneHub_Wxr::text( $item, self::CONTENT, 'encoded' ) ),
                    'post_excerpt'   => $this->translate( CloneHub_Wxr::text( $item, self::EXCERPT, 'encoded' ) ),
                    'post_status'    => (string) $wp->status,
                    'post_name'      => (string) $wp->post_name,
                    'comment_status' => (string) $wp->comment_status,
                    'ping_status'    => (string) $wp->ping_status,
                    'post_parent'    => $this->posts[ (int) $wp->post_parent ] ?? 0,
                    'menu_order'     => (int) $wp->menu_order,
                    'post_type'      => (string) $wp->post_type,
                    'post_password'  => (string) $wp->post_password,
                ) + $more
            ),
            true
        );
        if ( is_wp_error( $id ) ) {
            throw new RuntimeException( 'Item ' . $wp->post_id . ': ' . $id->get_error_message() );
        }
        $this->posts[ (int) $wp->post_id ] = $id;
        return $id;
    }

    private function comments( int $post, SimpleXMLElement $comments ): void {
        $ids = array();
        foreach ( $comments as $comment ) {
            $ids[ (int) $comment->comment_id ] = wp_insert_comment(
                wp_slash(
                    array(
                        'comment_post_ID'      => $post,
                        'comment_author'       => (string) $comment->comment_author,
                        'comment_author_email' => (string) $comment->comment_author_email,
                        'comment_author_url'   => $this->translate( (string) $comment->comment_author_url ),
                        'comment_content'      => $this->translate( (string) $comment->comment_content ),
                        'comment_date'         => (string) $comment->comment_date,
                        'comment_date_gmt'     => (string) $comment->comment_date_gmt,
                        'comment_approved'     => (string) $comment->comment_approved,
                        'comment_type'         => (string) $comment->comment_type,
                        'comment_parent'       => $ids[ (int) $comment->comment_parent ] ?? 0,
                    )
                )
            );
        }
    }

    /** Addresses of the exported site become addresses of this one; of its media, where the file came along. */
    private function translate( string $text ): string {
        $text = (string) preg_replace_callback(
            '#https?://[a-z0-9./-]+/(?:uploads/(?:sites/\d+/)?)?\d{4}/\d{2}/([\w.-]+\.(?:jpe?g|png|gif|mp3))#i',
            fn( array $match ) => $this->files[ $match[1] ] ?? $match[0],
            $text
        );
        $plain = (string) preg_replace( '#^https?:#', '', $this->base );
        return '' === $plain ? $text : str_replace( array( "http:$plain", "https:$plain" ), home_url(), $text );
    }

    private function translate_meta( string $key, string $value ): mixed {
        if ( in_array( $key, array( '_menu_item_object_id', '_menu_item_menu_item_parent', '_thumbnail_id' ), true ) ) {
            return (string) ( $this->posts[ (int) $value ] ?? $value );
        }
        return '_menu_item_url' === $key ? $this->translate( $value ) : maybe_unserialize( $value );
    }
}
