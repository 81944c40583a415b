using System.Globalization;
using System.Text.RegularExpressions;

namespace CloneHub.Architecture.Tests;

/// <summary>docs/cases.md has every case once, and every test and code that it names exists.</summary>
public sealed partial class CasesTests
{
    private const string Page = "docs/cases.md";
    private const int Last = 118;

    private static readonly Lazy<HashSet<string>> Tests = new(() => [.. TestFiles.SelectMany(TestsIn)]);

    private static IEnumerable<string> TestFiles =>
        Repository.Files.Where(file => file.StartsWith("tests/", StringComparison.Ordinal) && file.EndsWith(".cs", StringComparison.Ordinal));

    [Fact]
    public void Every_case_has_its_row() =>
        Assert.Equal(Enumerable.Range(1, Last), Rows().SelectMany(row => row.Numbers));

    [Fact]
    public void Every_test_that_is_named_exists()
    {
        var named = Rows().SelectMany(row => TestName().Matches(row.Proof).Select(match => match.Groups[1].Value)).ToHashSet();

        Assert.True(named.Count > 50, $"Only {named.Count} tests are named.");
        Assert.Empty(named.Except(Tests.Value));
        Assert.DoesNotContain("CasesTests.No_such_test", Tests.Value);
    }

    [Fact]
    public void Every_case_of_a_test_that_is_quoted_exists()
    {
        var sources = string.Concat(TestFiles.Where(file => !file.Contains("Architecture", StringComparison.Ordinal)).Select(Repository.Read));
        var quoted = Rows().SelectMany(row => Quoted().Matches(row.Proof).Select(match => match.Value)).ToHashSet();

        Assert.True(quoted.Count > 10, $"Only {quoted.Count} cases are quoted.");
        Assert.DoesNotContain(quoted, name => !sources.Contains(name, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_code_is_one_that_is_explained()
    {
        var errors = Repository.Read("docs/errors.md");
        var codes = Rows().SelectMany(row => Code().Matches(row.What[row.What.LastIndexOf(':')..]).Select(match => match.Value)).ToHashSet();

        Assert.True(codes.Count > 8, $"Only {codes.Count} codes are named.");
        Assert.DoesNotContain(codes, code => !errors.Contains($"| {code} |", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_open_is_told_at_the_top_and_nothing_else_is()
    {
        var told = Regex.Match(Repository.Read(Page), @"^Open: (.+)\.$", RegexOptions.Multiline).Groups[1].Value;
        var open = string.Join(", ", Rows().Where(row => row.Proof == "open").SelectMany(row => row.Numbers));

        Assert.Equal(told, open.Length == 0 ? "none" : open);
        Assert.All(Rows().Where(row => row.Proof != "open"), row => Assert.Matches(TestName(), row.Proof));
    }

    private static IEnumerable<(IEnumerable<int> Numbers, string What, string Proof)> Rows() =>
        from Match row in Row().Matches(Repository.Read(Page))
        let first = int.Parse(row.Groups[1].Value, CultureInfo.InvariantCulture)
        let last = row.Groups[2].Success ? int.Parse(row.Groups[2].Value, CultureInfo.InvariantCulture) : first
        select (Enumerable.Range(first, last - first + 1), ":" + row.Groups[3].Value, row.Groups[4].Value);

    /// <summary>A class may be spread over several files, whose names begin with its own.</summary>
    private static IEnumerable<string> TestsIn(string file) =>
        TestMethod().Matches(Repository.Read(file)).Select(match => $"{Path.GetFileName(file).Split('.')[0]}.{match.Groups[1].Value}");

    [GeneratedRegex(@"^\| (\d+)(?:–(\d+))? \| (.+) \| (.+) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`([A-Z][A-Za-z0-9]+\\.[A-Z][A-Za-z0-9_]+)`")]
    private static partial Regex TestName();

    [GeneratedRegex("\"[^\"]+\"")]
    private static partial Regex Quoted();

    [GeneratedRegex("`[A-Z][A-Z0-9_]+`")]
    private static partial Regex Code();

    [GeneratedRegex(@"\[(?:[A-Za-z]*Fact|Theory|Property)\b[^\]]*\](?:\s*\[[^\n]*\]\s*\n)*\s*public (?:async )?(?:Task|void|bool|Property) (\w+)\(")]
    private static partial Regex TestMethod();
}
