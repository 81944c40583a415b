<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnSource;

/** Constants that wp-config.php makes, by define() or by const. What looks like a secret never leaves the site. */
final class WpConfig
{
    private const SECRET = '/^(DB_|FTP_)|PASS|PWD|SECRET|TOKEN|KEY|SALT|AUTH|CREDENTIAL|LICEN[CS]E|DSN/i';

    /** @var array<string,string> PHP literal by name. */
    public array $literals = [];

    /** @var string[] Names of those whose value has to be computed or is nobody's business. */
    public array $others = [];

    /** @var array<int,mixed> */
    private array $tokens = [];

    public function __construct()
    {
        $file = self::file();
        if (null === $file || !function_exists('token_get_all')) {
            return;
        }

        $this->tokens = array_values(array_filter(token_get_all((string) file_get_contents($file)), static function ($token): bool {
            return !is_array($token) || !in_array($token[0], [T_WHITESPACE, T_COMMENT, T_DOC_COMMENT], true);
        }));
        foreach ($this->tokens as $at => $token) {
            if (is_array($token) && T_STRING === $token[0] && 'define' === strtolower($token[1]) && '(' === $this->text($at + 1)) {
                $is_plain = $this->is(T_CONSTANT_ENCAPSED_STRING, $at + 2) && ',' === $this->text($at + 3);
                $this->note($is_plain ? trim($this->text($at + 2), '\'"') : 'define(…)', $at + 4, [')', ',']);
            } elseif (is_array($token) && T_CONST === $token[0] && $this->is(T_STRING, $at + 1)) {
                $this->note($this->text($at + 1), $at + 3, [';', ',']);
            }
        }

        $this->others = array_values(array_unique(array_diff($this->others, array_keys($this->literals))));
    }

    private static function file(): ?string
    {
        if (is_readable(ABSPATH . 'wp-config.php')) {
            return ABSPATH . 'wp-config.php';
        }

        $above = dirname(ABSPATH) . '/wp-config.php';
        return @is_readable($above) && !@file_exists(dirname(ABSPATH) . '/wp-settings.php') ? $above : null;
    }

    /** @param string[] $ends What may follow a value that is a literal and nothing more. */
    private function note(string $name, int $at, array $ends): void
    {
        $sign = '-' === $this->text($at) ? '-' : '';
        $at += strlen($sign);
        $is_word = $this->is(T_STRING, $at) && in_array(strtolower($this->text($at)), ['true', 'false', 'null'], true);
        $is_literal = $is_word || $this->is(T_CONSTANT_ENCAPSED_STRING, $at) || $this->is(T_LNUMBER, $at) || $this->is(T_DNUMBER, $at);
        if (!$is_literal || !in_array($this->text($at + 1), $ends, true) || preg_match(self::SECRET, $name)) {
            $this->others[] = $name;
        } elseif (!isset($this->literals[$name])) {
            $this->literals[$name] = $sign . $this->text($at);
        }
    }

    private function is(int $kind, int $at): bool
    {
        return is_array($this->tokens[$at] ?? null) && $kind === $this->tokens[$at][0];
    }

    private function text(int $at): string
    {
        $token = $this->tokens[$at] ?? '';
        return is_array($token) ? $token[1] : $token;
    }
}
