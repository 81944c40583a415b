<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator;

/** What a failure says of itself. Uses nothing of WordPress. */
final class Said
{
    /** A database quotes what it refuses, which may be a row's value: its words are told without. What is cut, or was none before, is UTF-8 afterwards. */
    public static function by(\Throwable $trouble, int $most): string
    {
        $text = $trouble->getMessage();
        if ($trouble instanceof \mysqli_sql_exception) {
            $text = (string) preg_replace('/\'.*\'|".*"/s', "'...'", $text);
        }

        $text = substr($text, 0, $most);
        return 1 === preg_match('//u', $text) ? $text : (string) preg_replace('/[\x80-\xff]+/', '?', $text);
    }
}
