<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\InClone;

use PHPMailer\PHPMailer\PHPMailer;

/** WordPress' mailer with everything but the sending. */
final class CapturingMailer extends PHPMailer
{
    /** @var callable(string):bool */
    private $keep;

    /** @param callable(string):bool $keep Takes the whole message. */
    public static function of(PHPMailer $original, callable $keep): self
    {
        $copy = new self(true);
        $read = \Closure::bind(static fn (): array => get_object_vars($original), null, PHPMailer::class);
        foreach ($read() as $name => $value) {
            if (property_exists(PHPMailer::class, $name)) {
                $copy->$name = $value;
            }
        }

        $copy->keep = $keep;
        return $copy;
    }

    public function send(): bool
    {
        return $this->preSend() && ($this->keep)($this->getSentMIMEMessage());
    }
}
