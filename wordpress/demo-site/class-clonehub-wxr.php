<?php
/**
 * Reader of WordPress export files.
 *
 * @package CloneHub
 */

declare(strict_types=1);

/**
 * Reads one WXR file item by item, so that its size does not matter.
 */
final class CloneHub_Wxr {

    private const WP = 'http://wordpress.org/export/1.2/';

    public function __construct( private string $path ) {
    }

    /**
     * Everything below the channel, as pairs of element name and content.
     *
     * @return Generator<string, SimpleXMLElement>
     */
    public function elements(): Generator {
        $reader = new XMLReader();
        $reader->open( $this->path, null, LIBXML_NONET | LIBXML_NOWARNING | LIBXML_NOERROR );
        $more = $reader->read();
        while ( $more ) {
            if ( XMLReader::ELEMENT === $reader->nodeType && 2 === $reader->depth ) {
                $element = new SimpleXMLElement( $reader->readOuterXml(), LIBXML_NOCDATA );
                yield $reader->name => $element;
                $more = $reader->next();
            } else {
                $more = $reader->read();
            }
        }
        $reader->close();
    }

    /** Child elements of WordPress' own namespace. */
    public static function wp( SimpleXMLElement $element ): SimpleXMLElement {
        return $element->children( self::WP );
    }

    /** Text of a child of another namespace. */
    public static function text( SimpleXMLElement $element, string $space, string $name ): string {
        return (string) $element->children( $space )->$name;
    }

    /**
     * The meta values of a post or comment.
     *
     * @return array<int, array{0: string, 1: string}>
     */
    public static function meta( SimpleXMLElement $list ): array {
        $pairs = array();
        foreach ( $list as $meta ) {
            $pairs[] = array( (string) $meta->meta_key, (string) $meta->meta_value );
        }
        return $pairs;
    }
}
