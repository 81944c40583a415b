using System.Text.RegularExpressions;

namespace CloneHub.Architecture.Tests;

/// <summary>A code that a caller can meet stands in docs/errors.md, and nothing else does.</summary>
public sealed partial class ErrorCodeTests
{
    /// <summary>Codes of a single word, which the pattern of a code cannot tell from other texts.</summary>
    private static readonly string[] SingleWords = ["INTERNAL"];

    /// <summary>Files whose upper-case texts are names in the protocols and configurations of other programs.</summary>
    private static readonly string[] OtherProtocols = ["WpConfig.cs", "FastCgi.cs", "NginxConfig.cs", "Telemetry.cs", "PodLayout.cs", "CloneImage.cs"];

    [Fact]
    public void Every_code_is_documented_and_every_documented_code_is_used()
    {
        var documented = Documented();
        var used = Used();

        Assert.True(used.Count > 30, $"Only {used.Count} codes were found.");
        Assert.Empty(used.Except(documented));
        Assert.Empty(documented.Except(used));
    }

    [Fact]
    public void A_code_in_the_source_is_recognised() => Assert.Equal(["NOT_ADMIN", "LOGIN_2FA"], Codes("Final(\"NOT_ADMIN\", \"no\"); F(\"LOGIN_2FA\")"));

    private static HashSet<string> Documented() => [.. Rows().Select(match => match.Groups[1].Value)];

    private static MatchCollection Rows() => Row().Matches(Repository.Read("docs/errors.md"));

    private static HashSet<string> Used() =>
    [
        .. Repository.Files
            .Where(file => file.StartsWith("src/", StringComparison.Ordinal) && !file.StartsWith("src/CloneHub.Dev/", StringComparison.Ordinal))
            .Where(file => file.EndsWith(".cs", StringComparison.Ordinal) && !OtherProtocols.Contains(Path.GetFileName(file)))
            .SelectMany(file => Codes(Repository.Read(file))),
    ];

    private static IEnumerable<string> Codes(string source) => Code().Matches(source).Select(match => match.Groups[1].Value)
        .Concat(SingleWords.Where(word => source.Contains($"\"{word}\"", StringComparison.Ordinal)));

    [GeneratedRegex("\"([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+)\"")]
    private static partial Regex Code();

    [GeneratedRegex("^\\| `([A-Z][A-Z0-9_]+)` \\|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
