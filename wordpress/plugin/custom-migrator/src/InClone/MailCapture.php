<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\InClone;

/** Mail of a clone is written to files; the addresses in it are those of the source's real customers. */
final class MailCapture
{
    private string $folder;

    private function __construct(string $folder)
    {
        $this->folder = $folder;
    }

    public static function install(string $folder): void
    {
        $capture = new self($folder);
        add_filter('pre_wp_mail', [$capture, 'capture'], PHP_INT_MIN, 2);
        // For whoever replaced wp_mail() but still sends with WordPress' mailer.
        add_action('phpmailer_init', [$capture, 'replace'], PHP_INT_MAX);
    }

    /**
     * @param mixed               $answer
     * @param array<string,mixed> $mail
     */
    public function capture($answer, array $mail): bool
    {
        // Plugins that send through a provider's API do it in this filter, too, and after us.
        remove_all_filters('pre_wp_mail');
        add_filter('pre_wp_mail', [$this, 'capture'], PHP_INT_MIN, 2);
        return $this->write($this->compose($mail));
    }

    /** @param \PHPMailer\PHPMailer\PHPMailer $mailer */
    public function replace(&$mailer): void
    {
        $mailer = CapturingMailer::of($mailer, fn (string $message): bool => $this->write($message));
    }

    /** @param array<string,mixed> $mail As wp_mail() got it. */
    private function compose(array $mail): string
    {
        $headers = is_array($mail['headers'] ?? '') ? $mail['headers'] : preg_split('/\r\n|\r|\n/', (string) ($mail['headers'] ?? ''));
        $lines = [
            'Date: ' . gmdate('D, d M Y H:i:s') . ' +0000',
            'To: ' . $this->one_line(implode(', ', (array) ($mail['to'] ?? []))),
            'Subject: =?UTF-8?B?' . base64_encode((string) ($mail['subject'] ?? '')) . '?=',
        ];
        foreach (array_filter((array) $headers, 'is_string') as $header) {
            if ('' !== trim($header)) {
                $lines[] = $this->one_line($header);
            }
        }

        foreach (array_filter((array) ($mail['attachments'] ?? []), 'is_string') as $attachment) {
            if ('' !== $attachment) {
                $lines[] = 'X-CloneHub-Attachment: ' . $this->one_line(basename($attachment));
            }
        }

        if ([] === preg_grep('/^content-type\s*:/i', $lines)) {
            $lines[] = 'Content-Type: text/plain; charset=UTF-8';
        }

        $lines[] = 'Content-Transfer-Encoding: base64';
        return implode("\r\n", $lines) . "\r\n\r\n" . chunk_split(base64_encode((string) ($mail['message'] ?? '')));
    }

    private function one_line(string $text): string
    {
        return trim((string) preg_replace('/[\r\n]+/', ' ', $text));
    }

    private function write(string $message): bool
    {
        if (!is_dir($this->folder) && !wp_mkdir_p($this->folder)) {
            return false;
        }

        $name = gmdate('Ymd-His') . '-' . bin2hex(random_bytes(6)) . '.eml';
        return false !== file_put_contents($this->folder . '/' . $name, $message);
    }
}
