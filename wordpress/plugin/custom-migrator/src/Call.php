<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator;

/**
 * A signed call. The caller signs "CH1\n op \n time \n nonce \n sha256hex(body)" with ECDSA P-256 over SHA-256, and "\n folder" after it where a
 * restore works in one; this side knows the public half only, so nothing worth stealing lies on the site.
 */
final class Call
{
    private const MAX_SKEW = 300;
    private const MAX_BODY = 8388608;

    /** Begins a body of: length of the arguments (32 bit), arguments, bytes. */
    private const WITH_PAYLOAD = 'CHB1';

    public string $op;
    public string $nonce;

    private int $time;
    private string $signature;
    private string $body;

    /** What follows the arguments of a call that brings more than those. */
    private string $payload = '';

    /** The present request, if it calls this job; null leaves it to WordPress. */
    public static function of(string $job): ?self
    {
        $header = static function (string $name): string {
            $value = $_SERVER['HTTP_X_CLONEHUB_' . $name] ?? '';
            return is_string($value) ? $value : '';
        };
        if ('' === $header('OP') || 'POST' !== ($_SERVER['REQUEST_METHOD'] ?? '') || !hash_equals($job, $header('JOB'))) {
            return null;
        }

        $call = new self();
        $call->op = $header('OP');
        $call->nonce = $header('NONCE');
        $call->time = (int) $header('TIME');
        $call->signature = (string) base64_decode($header('SIG'), true);
        $call->body = (string) file_get_contents('php://input', false, null, 0, self::MAX_BODY);
        return $call;
    }

    /**
     * @param string   $public_key SubjectPublicKeyInfo, DER, base 64.
     * @param string[] $allowed
     * @param string|null $work   Folder that this site's restore works in, unknown to its clone: what that was told is of no use here.
     *
     * @throws Refused If the call is not the key owner's, not of now, or not allowed.
     */
    public function verify(string $public_key, array $allowed, ?string $work = null): void
    {
        $now = time();
        if (abs($now - $this->time) > self::MAX_SKEW) {
            throw new Refused(401, 'skew', ['time' => $now]);
        }

        $text = implode("\n", ['CH1', $this->op, (string) $this->time, $this->nonce, hash('sha256', $this->body)]) . (null === $work ? '' : "\n$work");
        $pem = "-----BEGIN PUBLIC KEY-----\n" . chunk_split($public_key, 64, "\n") . "-----END PUBLIC KEY-----\n";
        if (strlen($this->nonce) < 16 || 1 !== openssl_verify($text, $this->signature, $pem, OPENSSL_ALGO_SHA256)) {
            throw new Refused(401, 'signature');
        }

        if (!in_array($this->op, $allowed, true)) {
            throw new Refused(403, 'operation');
        }
    }

    /**
     * @param string|null $body What was sent before, in parts, because this web server takes no larger ones; null for that of this call.
     *
     * @return array<string,mixed>
     */
    public function arguments(?string $body = null): array
    {
        $json = $body ?? $this->body;
        if (0 === strncmp($json, self::WITH_PAYLOAD, 4) && strlen($json) >= 8) {
            $length = unpack('V', $json, 4)[1];
            $this->payload = substr($json, 8 + $length);
            $json = substr($json, 8, $length);
        }

        $arguments = json_decode($json, true);
        if (!is_array($arguments)) {
            throw new Refused(400, 'body');
        }

        return $arguments;
    }

    /** Known once the arguments have been read. */
    public function payload(): string
    {
        return $this->payload;
    }
}
