namespace CloneHub.Dev.WordPress;

/// <summary>Debian calls the program php-fpm8.2, php-fpm8.4 and so on, and puts it where ordinary accounts do not look.</summary>
internal static class PhpFpm
{
    public static string Program { get; } =
        Directory.GetFiles("/usr/sbin", "php-fpm*").Max(StringComparer.Ordinal)
        ?? throw new SetUpException("php-fpm is not installed (no /usr/sbin/php-fpm*). Install the package php-fpm.");
}
