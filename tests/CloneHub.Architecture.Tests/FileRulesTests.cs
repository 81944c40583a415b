namespace CloneHub.Architecture.Tests;

public sealed class FileRulesTests
{
    private const int MaxLines = 300;

    private static readonly string[] AllowedInRoot =
    [
        "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "global.json", "Directory.Build.props", "Directory.Build.targets",
        "Directory.Packages.props", "BannedSymbols.txt", "CloneHub.sln", ".editorconfig", ".gitattributes", ".gitignore", "clonehub.sh",
        "src", "tests", "benchmarks", "wordpress", "docs", "requests", ".ci", "infra",
    ];

    /// <summary>Put together from pieces, because this file is examined too.</summary>
    private static readonly string[] ForbiddenTexts =
    [
        "/wo" + "rk/", "/ro" + "ot/", "nu" + "get.org", "pack" + "agist.org", "npm" + "js.org", "py" + "pi.org", "crates" + ".io", "proxy.go" + "lang.org",
    ];

    [Fact]
    public void The_root_holds_only_what_a_newcomer_should_see_first()
    {
        var found = Repository.Files.Select(file => file.Split('/')[0]).Distinct().ToList();

        Assert.Contains("Directory.Packages.props", found);
        Assert.Empty(found.Except(AllowedInRoot));
    }

    [Fact]
    public void Nothing_but_the_one_command_is_executable_in_the_root()
    {
        Assert.Empty(Repository.Files.Where(file => !file.Contains('/') && IsExecutable(file)).Except(["clonehub.sh"]));
    }

    [Fact]
    public void No_source_file_is_longer_than_a_reader_can_hold()
    {
        var files = Repository.Files.Where(IsSource).ToList();

        Assert.True(files.Count > 10, $"Only {files.Count} files were examined.");
        Assert.Empty(TooLong(files, MaxLines));
    }

    [Fact]
    public void A_file_that_is_too_long_is_found() => Assert.NotEmpty(TooLong([.. Repository.Files.Where(IsSource)], 1));

    [Fact]
    public void The_product_speaks_of_itself_only()
    {
        var files = Repository.Files.Where(IsText).ToList();

        Assert.Contains(files, file => file.EndsWith("FileRulesTests.cs", StringComparison.Ordinal));
        Assert.Empty(files.SelectMany(file => Mentions(Repository.Read(file), ForbiddenTexts).Select(word => $"{file}: {word}")));
    }

    [Fact]
    public void A_forbidden_text_is_found_in_any_case() =>
        Assert.Equal(["/wo" + "rk/"], Mentions("see /WO" + "RK/notes", ForbiddenTexts));

    private static IEnumerable<string> Mentions(string text, string[] words) => words.Where(word => text.Contains(word, StringComparison.OrdinalIgnoreCase));

    private static bool IsExecutable(string file) =>
        !OperatingSystem.IsWindows() && File.GetUnixFileMode(Path.Combine(Repository.Root, file)).HasFlag(UnixFileMode.UserExecute);

    private static IEnumerable<string> TooLong(IEnumerable<string> files, int limit) => files
        .Select(file => (file, lines: File.ReadLines(Path.Combine(Repository.Root, file)).Count()))
        .Where(f => f.lines > limit)
        .Select(f => $"{f.file}: {f.lines} lines");

    private static bool IsSource(string file) => file.StartsWith("src/", StringComparison.Ordinal) && file.EndsWith(".cs", StringComparison.Ordinal);

    private static bool IsText(string file) =>
        Path.GetExtension(file) is not (".png" or ".jpg" or ".jpeg" or ".gif" or ".webp" or ".zip" or ".ico" or ".woff2" or ".gz" or ".bin" or ".mo")
        && Path.GetFileName(file) != "packages.lock.json";
}
