<?php
/**
 * A site as it has grown over years.
 *
 * @package CloneHub
 */

declare(strict_types=1);

/**
 * Thousands of photographs, posts and files of plugins. Written past WordPress' own functions, which would take many minutes for it.
 */
final class CloneHub_Magazine {

    private const PLUGINS          = array( 'almanac-gallery', 'almanac-forms', 'almanac-shop' );
    private const FILES_PER_PLUGIN = 700;
    private const ROWS_AT_ONCE     = 200;
    private const SENTENCES        = array( 'Rye was 100 %% of dough no. %d.', 'Öfen glühen bei %d °C – "ganz" langsam.', 'See C:\\ovens\\%d\\new for more.', 'Bread 🥖 costs %d cents at the harbour.', 'The mill grinds %d sacks of grain before dawn.' );

    /** Fills the site. */
    public static function fill( int $photographs, int $posts ): void {
        mt_srand( 20240229 );
        self::photographs( $photographs );
        self::posts( $posts );
        foreach ( self::PLUGINS as $plugin ) {
            self::plugin( $plugin );
        }
    }

    /** A table of a plugin that notes every visit, whose name comes before those of WordPress. */
    public static function journal( int $rows ): void {
        global $wpdb;
        $table = $wpdb->prefix . 'almanac_journal';
        $wpdb->query( "CREATE TABLE $table (id bigint unsigned NOT NULL AUTO_INCREMENT, at datetime NOT NULL, visitor char(32) NOT NULL, address varchar(200) NOT NULL, details longtext, PRIMARY KEY (id), KEY at (at), KEY visitor (visitor)) " . $wpdb->get_charset_collate() );
        // A new table has ended the transaction.
        $wpdb->query( 'START TRANSACTION' );
        for ( $first = 0; $first < $rows; $first += self::ROWS_AT_ONCE ) {
            $chunk = array();
            for ( $i = $first; $i < min( $rows, $first + self::ROWS_AT_ONCE ); $i++ ) {
                $details = serialize( array( 'from' => home_url( "/issue-$i/?page=2" ), 'to' => home_url( '/issue-' . ( $i % 9000 ) . '/' ), 'said' => self::sentence( $i ), 'seconds' => $i % 900 / 10 ) );
                $chunk[] = array( $i + 1, self::date( $i ), md5( (string) $i ), home_url( "/issue-$i/" ), $details );
            }
            self::insert( $table, 'id, at, visitor, address, details', $chunk );
        }
    }

    /** Files that no text of the site names, such as an archive that was uploaded by other means. */
    public static function films( int $number, int $bytes ): void {
        $random = new Random\Randomizer( new Random\Engine\Xoshiro256StarStar( $number ) );
        for ( $i = 0; $i < $number; $i++ ) {
            $folder = wp_upload_dir( gmdate( 'Y/m', 1300000000 + intdiv( $i, 100 ) * 2600000 ) )['path'];
            file_put_contents( "$folder/film-$i.mp4", $random->getBytes( $bytes ) );
        }
    }

    private static function photographs( int $photographs ): void {
        $texture = self::texture( 2000, 1500 );
        $posts   = array();
        $meta    = array();
        $first   = self::next_id();
        for ( $i = 0; $i < $photographs; $i++ ) {
            $folder  = wp_upload_dir( gmdate( 'Y/m', 1300000000 + $i * 240000 ) );
            $name    = "photograph-$i." . ( 0 === $i % 40 ? 'png' : 'jpg' );
            $type    = 0 === $i % 40 ? 'image/png' : 'image/jpeg';
            $details = self::photograph( $texture, $folder['path'] . "/$name" );
            $file    = ltrim( $folder['subdir'], '/' ) . "/$name";
            $posts[] = array( $first + $i, 'attachment', 'inherit', "Photograph $i", '', "photograph-$i", $type, self::date( $i ), $folder['url'] . "/$name" );
            $meta[]  = array( $first + $i, '_wp_attached_file', $file );
            $meta[]  = array( $first + $i, '_wp_attachment_metadata', serialize( array( 'file' => $file ) + $details ) );
        }
        self::insert_posts( $posts );
        self::insert_meta( $meta );
    }

    /** Something that compresses as badly as a photograph does: coarse and fine noise over each other. */
    private static function texture( int $width, int $height ): GdImage {
        $coarse = imagescale( self::noise( intdiv( $width, 8 ), intdiv( $height, 8 ) ), $width, $height, IMG_BICUBIC );
        imagecopymerge( $coarse, self::noise( $width, $height ), 0, 0, 0, 0, $width, $height, 14 );
        return $coarse;
    }

    private static function noise( int $width, int $height ): GdImage {
        $row    = intdiv( $width * 3 + 3, 4 ) * 4;
        $random = new Random\Randomizer( new Random\Engine\Mt19937( $width ) );
        return imagecreatefromstring( 'BM' . pack( 'VVVVVVvvVVVVVV', 54 + $row * $height, 0, 54, 40, $width, $height, 1, 24, 0, $row * $height, 2835, 2835, 0, 0 ) . $random->getBytes( $row * $height ) );
    }

    /** Takes a piece of the texture and writes it in the sizes that WordPress makes. */
    private static function photograph( GdImage $texture, string $path ): array {
        $width  = mt_rand( 350, 750 );
        $height = intdiv( $width * 3, 4 );
        $image  = imagecrop( $texture, array( 'x' => mt_rand( 0, 2000 - $width ), 'y' => mt_rand( 0, 1500 - $height ), 'width' => $width, 'height' => $height ) );
        imagefilter( $image, IMG_FILTER_COLORIZE, mt_rand( -60, 60 ), mt_rand( -60, 60 ), mt_rand( -60, 60 ) );
        self::write( $image, $path );
        $ending = pathinfo( $path, PATHINFO_EXTENSION );
        $sizes  = array();
        foreach ( array( 'medium' => 300, 'small' => 200, 'thumbnail' => 100 ) as $size => $w ) {
            $h     = intdiv( $w * 3, 4 );
            $image = imagescale( $image, $w, $h, IMG_BILINEAR_FIXED );
            $file  = preg_replace( '/\.\w+$/', "-{$w}x{$h}.$ending", $path );
            self::write( $image, $file );
            $sizes[ $size ] = array( 'file' => basename( $file ), 'width' => $w, 'height' => $h, 'mime-type' => 'png' === $ending ? 'image/png' : 'image/jpeg', 'filesize' => filesize( $file ) );
        }
        return array( 'width' => $width, 'height' => $height, 'filesize' => filesize( $path ), 'sizes' => $sizes, 'image_meta' => array( 'caption' => '50 % off \\o/' ) );
    }

    private static function write( GdImage $image, string $path ): void {
        str_ends_with( $path, 'png' ) ? imagepng( $image, $path, 1 ) : imagejpeg( $image, $path, 80 );
    }

    private static function posts( int $number ): void {
        $posts = array();
        $meta  = array();
        $first = self::next_id();
        for ( $i = 0; $i < $number; $i++ ) {
            $id      = $first + $i;
            $posts[] = array( $id, 'post', 'publish', "Issue $i of the almanac", self::content( $i ), "issue-$i", '', self::date( $i ), home_url( "/?p=$id" ) );
            $layout  = array();
            for ( $part = 0; $part < 6; $part++ ) {
                $layout[] = array( 'id' => "part-$part", 'link' => home_url( "/?p=$id#part-$part" ), 'text' => self::sentence( $i + $part ), 'columns' => array( 'width' => 33.3, 'hidden' => false ) );
            }
            $meta[] = array( $id, '_almanac_layout', serialize( $layout ) );
            $meta[] = array( $id, '_almanac_seo', wp_json_encode( array( 'canonical' => home_url( "/issue-$i/" ), 'title' => self::sentence( $i ) ) ) );
            $meta[] = array( $id, '_edit_last', '1' );
        }
        self::insert_posts( $posts );
        self::insert_meta( $meta );
        for ( $i = 0; $i < 40; $i++ ) {
            update_option( "almanac_settings_$i", array_map( fn( int $n ): array => array( 'url' => home_url( "/?s=$n" ), 'label' => self::sentence( $n ) ), range( $i, $i + 30 ) ), 0 === $i % 4 );
        }
    }

    private static function content( int $number ): string {
        $content = '';
        for ( $paragraph = 0; $paragraph < 8; $paragraph++ ) {
            $link     = home_url( "/?p=$number&part=$paragraph" );
            $content .= "<!-- wp:paragraph --><p><a href=\"$link\">$paragraph</a> " . self::sentence( $number ) . ' ' . self::sentence( $number + $paragraph ) . ' ' . self::sentence( $number * 7 ) . "</p><!-- /wp:paragraph -->\n";
        }
        return $content;
    }

    private static function sentence( int $number ): string {
        return sprintf( self::SENTENCES[ $number % count( self::SENTENCES ) ], $number );
    }

    private static function date( int $number ): string {
        return gmdate( 'Y-m-d H:i:s', 1300000000 + $number * 130000 );
    }

    private static function next_id(): int {
        global $wpdb;
        return 1 + (int) $wpdb->get_var( "SELECT MAX(ID) FROM $wpdb->posts" );
    }

    private static function insert_posts( array $rows ): void {
        global $wpdb;
        // The date stands for all four of a post's dates.
        $with_dates = array_map( fn( array $row ): array => array_merge( $row, array( $row[7], $row[7], $row[7], '', '', '', '' ) ), $rows );
        self::insert( $wpdb->posts, 'ID, post_type, post_status, post_title, post_content, post_name, post_mime_type, post_date, guid, post_date_gmt, post_modified, post_modified_gmt, post_excerpt, to_ping, pinged, post_content_filtered', $with_dates );
    }

    private static function insert_meta( array $rows ): void {
        global $wpdb;
        self::insert( $wpdb->postmeta, 'post_id, meta_key, meta_value', $rows );
    }

    private static function insert( string $table, string $columns, array $rows ): void {
        global $wpdb;
        foreach ( array_chunk( $rows, self::ROWS_AT_ONCE ) as $chunk ) {
            $values = array_map( fn( array $row ): string => "('" . implode( "','", array_map( fn( $value ): string => $wpdb->_real_escape( (string) $value ), $row ) ) . "')", $chunk );
            $query  = $wpdb->remove_placeholder_escape( "INSERT INTO $table ($columns) VALUES " . implode( ',', $values ) );
            if ( false === $wpdb->query( $query ) ) {
                throw new RuntimeException( $wpdb->last_error );
            }
        }
    }

    /** A plugin that does nothing with many files of all kinds, as plugins have them. */
    private static function plugin( string $name ): void {
        $root = WP_PLUGIN_DIR . "/$name";
        for ( $i = 0; $i < self::FILES_PER_PLUGIN; $i++ ) {
            $folder = "$root/" . array( 'includes', 'assets/css', 'assets/js', 'languages' )[ $i % 4 ] . '/' . intdiv( $i, 100 );
            wp_mkdir_p( $folder );
            $text = implode( "\n", array_map( fn( int $line ): string => "// $name $i: " . self::sentence( $i + $line ), range( 0, 10 + $i % 150 ) ) );
            file_put_contents( "$folder/part-$i." . array( 'php', 'css', 'js', 'json' )[ $i % 4 ], 0 === $i % 4 ? "<?php\n$text\n" : "/*\n$text\n*/\n" );
        }
        file_put_contents( "$root/$name.php", "<?php\n/*\nPlugin Name: $name\nDescription: Has many files and does nothing.\n*/\n" );
    }
}
