<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnSource;

/** Constants that wp-config.php defines with a literal, as PHP text. What looks like a secret never leaves the site. */
final class WpConfig
{
    private const SECRET = '/^(DB_|FTP_)|PASS|PWD|SECRET|TOKEN|KEY|SALT|AUTH|CREDENTIAL|LICEN[CS]E|DSN/i';

    /** @return array<string,string> */
    public static function literals(): array
    {
        $file = self::file();
        if (null === $file || !function_exists('token_get_all')) {
            return [];
        }

        $tokens = array_values(array_filter(token_get_all((string) file_get_contents($file)), static function ($token): bool {
            return !is_array($token) || !in_array($token[0], [T_WHITESPACE, T_COMMENT, T_DOC_COMMENT], true);
        }));
        $literals = [];
        foreach ($tokens as $at => $token) {
            if (is_array($token) && T_STRING === $token[0] && 'define' === strtolower($token[1])) {
                $literals += self::define_at($tokens, $at);
            }
        }

        return $literals;
    }

    private static function file(): ?string
    {
        if (is_readable(ABSPATH . 'wp-config.php')) {
            return ABSPATH . 'wp-config.php';
        }

        $above = dirname(ABSPATH) . '/wp-config.php';
        return @is_readable($above) && !@file_exists(dirname(ABSPATH) . '/wp-settings.php') ? $above : null;
    }

    /**
     * @param array<int,mixed> $tokens
     *
     * @return array<string,string>
     */
    private static function define_at(array $tokens, int $at): array
    {
        $text = static fn (int $offset): string => is_array($tokens[$at + $offset] ?? '') ? $tokens[$at + $offset][1] : ($tokens[$at + $offset] ?? '');
        $name = $tokens[$at + 2] ?? '';
        if ('(' !== $text(1) || !is_array($name) || T_CONSTANT_ENCAPSED_STRING !== $name[0] || ',' !== $text(3)) {
            return [];
        }

        $sign = '-' === $text(4) ? '-' : '';
        $value = $tokens[$at + 4 + strlen($sign)] ?? '';
        if (!is_array($value) || !in_array($text(5 + strlen($sign)), [')', ','], true)) {
            return [];
        }

        $is_word = T_STRING === $value[0] && in_array(strtolower($value[1]), ['true', 'false', 'null'], true);
        $constant = trim($name[1], '\'"');
        if (preg_match(self::SECRET, $constant) || !($is_word || in_array($value[0], [T_CONSTANT_ENCAPSED_STRING, T_LNUMBER, T_DNUMBER], true))) {
            return [];
        }

        return [$constant => $sign . $value[1]];
    }
}
