<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator;

/** A call that is for us but must not be obeyed. */
final class Refused extends \RuntimeException
{
    /** @var array<string,mixed> */
    private array $details;

    /** @param array<string,mixed> $details */
    public function __construct(int $status, string $error, array $details = [])
    {
        parent::__construct($error, $status);
        $this->details = $details;
    }

    public function answer(): void
    {
        while (ob_get_level() > 0 && @ob_end_clean()) {
            continue;
        }

        if (!headers_sent()) {
            http_response_code($this->getCode());
            header('Content-Type: application/json');
            header('Cache-Control: no-store');
        }

        echo json_encode(['error' => $this->getMessage()] + $this->details);
        exit;
    }
}
