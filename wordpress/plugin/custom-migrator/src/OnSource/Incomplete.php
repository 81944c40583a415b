<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\OnSource;

/** A table cannot be read whole, and trying again will not help. */
final class Incomplete extends \RuntimeException
{
}
