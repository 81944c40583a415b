using System.Text.RegularExpressions;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>Values as PHP source text.</summary>
internal static partial class PhpLiteral
{
    internal static string Of(string value) =>
        $"'{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";

    /// <summary>True for a number, a constant word or a string without interpolation, and nothing that could run.</summary>
    internal static bool IsHarmless(string text) => Harmless().IsMatch(text);

    [GeneratedRegex("""\A(?:(?i:true|false|null)|[+-]?[0-9]+(?:\.[0-9]+)?|'(?:[^'\\]|\\.)*'|"(?:[^"\\$]|\\[^xu0-7{])*")\z""", RegexOptions.Singleline)]
    private static partial Regex Harmless();
}
