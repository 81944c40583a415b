<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator;

/** The same number as in the header of custom-migrator.php, which must be a literal there. */
final class Version
{
    public const NUMBER = '1.0.0';
}
