using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using CloneHub.Dev;

namespace CloneHub.EndToEnd.Tests;

/// <summary>What the documents refer to exists.</summary>
public sealed partial class DocumentTests
{
    private static readonly string[] Folders = ["docs", "src", "tests", "wordpress", "benchmarks", "infra"];

    private static readonly string[] Headings = ["Status", "Context", "Possible solutions", "Decision", "Consequences"];

    private static IReadOnlyList<string> Documents { get; } =
    [
        .. Directory.GetFiles(Repository.Root.FullName, "*.md"),
        .. Folders.Select(folder => Repository.Path(folder)).Where(Directory.Exists)
            .SelectMany(folder => Directory.GetFiles(folder, "*.md", SearchOption.AllDirectories)),
    ];

    [Fact]
    public void Every_link_leads_to_a_file()
    {
        Assert.True(Documents.Count > 20, $"Only {Documents.Count} documents were examined.");
        Assert.Empty(Documents.SelectMany(file => Broken(Path.GetDirectoryName(file)!, File.ReadAllText(file)).Select(link => $"{Name(file)}: {link}")));
    }

    [Fact]
    public void A_broken_link_is_found() =>
        Assert.Equal(["docs/no-such-page.md"], Broken(Repository.Root.FullName, "[a](README.md) [b](docs/no-such-page.md) [c](https://example.com/x)"));

    [Fact]
    public async Task Every_command_in_a_document_is_one_that_the_script_knows()
    {
        var known = CommandsIn(await HelpAsync());
        var used = Documents.SelectMany(file => Call().Matches(File.ReadAllText(file)).Select(m => m.Groups[1].Value)).Distinct().ToList();

        Assert.Contains("demo", used);
        Assert.Contains("demo", known);
        Assert.DoesNotContain("restore", known);
        Assert.Empty(used.Except(known));
    }

    [Fact]
    public void Demo_and_test_are_the_first_commands_that_a_reader_is_given() =>
        Assert.Equal(["./clonehub.sh demo", "./clonehub.sh test"], Readme.Blocks.Take(2).Select(block => block.Text.Trim()));

    [Fact]
    public void Every_code_that_README_names_is_explained()
    {
        var codes = Code().Matches(Readme.Text).Select(m => m.Groups[1].Value).Distinct().ToList();

        Assert.Contains("MULTISITE_UNSUPPORTED", codes);
        Assert.Empty(codes.Except(Explained()).Except(Readme.Table("Setting").Select(row => row[0])));
    }

    [Fact]
    public void Every_code_that_a_caller_can_get_is_explained()
    {
        var codes = Directory.GetFiles(Repository.Path("src", "Modules"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => Given().Matches(File.ReadAllText(file)).Select(m => m.Groups[1].Value))
            .Distinct()
            .ToList();

        Assert.True(codes.Count > 30, $"Only {codes.Count} codes were found in the code.");
        Assert.Contains("LOGIN_FAILED", codes);
        Assert.Empty(codes.Except(Explained()));
    }

    [Fact]
    public void An_answer_that_lacks_what_is_shown_is_told_from_it()
    {
        using var shown = JsonDocument.Parse("""{"status": "completed", "result": {"clone_url": "x", "warnings": []}}""");
        using var same = JsonDocument.Parse("""{"result": {"warnings": ["one"], "clone_url": "y"}, "status": "failed"}""");
        using var other = JsonDocument.Parse("""{"status": "completed", "result": {"warnings": []}}""");

        Assert.Equal(JsonShape.Of(shown.RootElement), JsonShape.Of(same.RootElement));
        Assert.NotEqual(JsonShape.Of(shown.RootElement), JsonShape.Of(other.RootElement));
    }

    [Fact]
    public void Every_decision_is_told_in_the_same_form_on_one_page()
    {
        var decisions = Directory.GetFiles(Repository.Path("docs", "adr"), "*.md").Order(StringComparer.Ordinal).ToList();

        Assert.True(decisions.Count >= 14, $"Only {decisions.Count} decisions were examined.");
        Assert.All(decisions, file =>
        {
            var lines = File.ReadAllLines(file);
            Assert.Equal(Headings, lines.Where(line => line.StartsWith("## ", StringComparison.Ordinal)).Select(line => line[3..]));
            Assert.StartsWith($"# {int.Parse(Path.GetFileName(file)[..4], System.Globalization.CultureInfo.InvariantCulture)}. ", lines[0], StringComparison.Ordinal);
            Assert.InRange(lines.Length, 20, 60);
        });
    }

    private static IEnumerable<string> Broken(string folder, string text) => Link().Matches(text)
        .Select(m => m.Groups[1].Value)
        .Where(link => !link.Contains("://", StringComparison.Ordinal) && !link.StartsWith('#'))
        .Where(link => !Path.Exists(Path.Combine(folder, link.Split('#')[0])));

    private static IEnumerable<string> Explained() => Code().Matches(File.ReadAllText(Repository.Path("docs", "errors.md"))).Select(m => m.Groups[1].Value);

    private static string Name(string file) => Path.GetRelativePath(Repository.Root.FullName, file);

    private static List<string> CommandsIn(string help) => [.. HelpLine().Matches(help).Select(m => m.Groups[1].Value)];

    private static async Task<string> HelpAsync()
    {
        using var script = Process.Start(new ProcessStartInfo(Repository.Path("clonehub.sh"), ["help"]) { RedirectStandardOutput = true })!;
        var help = await script.StandardOutput.ReadToEndAsync();
        await script.WaitForExitAsync();
        return help;
    }

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\./clonehub\.sh ([a-z]+)")]
    private static partial Regex Call();

    [GeneratedRegex(@"^  ([a-z]+)", RegexOptions.Multiline)]
    private static partial Regex HelpLine();

    [GeneratedRegex(@"`([A-Z]+(?:_[A-Z0-9]+)+)`")]
    private static partial Regex Code();

    /// <summary>A code where a fault or a refusal is made of it.</summary>
    [GeneratedRegex("""(?:Final|Passing|StepFault|ProblemAsync|new)\(\s*(?:(?:context, )?StatusCodes\.\w+, )?"([A-Z]+(?:_[A-Z0-9]+)+)["]""")]
    private static partial Regex Given();
}
