<?php
/**
 * Media for a generated site.
 *
 * @package CloneHub
 */

declare(strict_types=1);

/**
 * Paints pictures with GD and puts them into the media library.
 */
final class CloneHub_Media {

    private const SUBJECTS = array( 'sourdough', 'rye', 'brioche', 'oven', 'counter', 'croissant', 'flour', 'harbour', 'pretzel', 'dough' );

    /**
     * Paints many pictures.
     *
     * @param int $count How many.
     * @return int[] Ids of the attachments.
     */
    public static function gallery( int $count ): array {
        $ids = array();
        for ( $i = 0; $i < $count; $i++ ) {
            $ids[] = self::paint( self::SUBJECTS[ $i % 10 ] . '-' . ( 1 + intdiv( $i, 10 ) ), $i + 1, 640, 480 );
        }
        return $ids;
    }

    /**
     * Paints one picture.
     *
     * @param string $name   Name of the file, without ending.
     * @param int    $seed   Chooses colours and shapes.
     * @param int    $width  Width in pixels.
     * @param int    $height Height in pixels.
     * @return int Id of the attachment.
     */
    public static function paint( string $name, int $seed, int $width, int $height ): int {
        $folder = wp_upload_dir( gmdate( 'Y/m', 1400000000 + $seed * 2600000 ) );
        $path   = $folder['path'] . '/' . $name . '.jpg';
        $sizes  = array();
        foreach ( array( '' => 1, 'medium' => 2, 'thumbnail' => 4 ) as $size => $divisor ) {
            $w    = intdiv( $width, $divisor );
            $h    = intdiv( $height, $divisor );
            $file = '' === $size ? $path : $folder['path'] . "/$name-{$w}x{$h}.jpg";
            self::draw( $file, $seed, $w, $h );
            if ( '' !== $size ) {
                $sizes[ $size ] = array(
                    'file'      => basename( $file ),
                    'width'     => $w,
                    'height'    => $h,
                    'mime-type' => 'image/jpeg',
                    'filesize'  => filesize( $file ),
                );
            }
        }
        $relative = ltrim( $folder['subdir'], '/' ) . '/' . basename( $path );
        $id       = wp_insert_attachment(
            array(
                'post_title'     => ucwords( str_replace( '-', ' ', $name ) ),
                'post_mime_type' => 'image/jpeg',
                'post_status'    => 'inherit',
                'guid'           => $folder['url'] . '/' . basename( $path ),
            ),
            $path
        );
        wp_update_attachment_metadata(
            $id,
            array(
                'width'      => $width,
                'height'     => $height,
                'file'       => $relative,
                'filesize'   => filesize( $path ),
                'sizes'      => $sizes,
                'image_meta' => array( 'caption' => "50 % off \\ $name" ),
            )
        );
        return $id;
    }

    private static function draw( string $file, int $seed, int $width, int $height ): void {
        mt_srand( $seed );
        $image = imagecreatetruecolor( $width, $height );
        imagefill( $image, 0, 0, (int) imagecolorallocate( $image, mt_rand( 150, 255 ), mt_rand( 150, 255 ), mt_rand( 100, 200 ) ) );
        for ( $i = 0; $i < 12; $i++ ) {
            $colour = (int) imagecolorallocate( $image, mt_rand( 0, 255 ), mt_rand( 0, 255 ), mt_rand( 0, 255 ) );
            imagefilledellipse( $image, intdiv( mt_rand( 0, 1000 ) * $width, 1000 ), intdiv( mt_rand( 0, 1000 ) * $height, 1000 ), intdiv( $width, mt_rand( 3, 9 ) ), intdiv( $height, mt_rand( 3, 9 ) ), $colour );
        }
        imagejpeg( $image, $file, 80 );
        imagedestroy( $image );
    }
}
